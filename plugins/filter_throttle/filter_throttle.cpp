#include <logboom/filter.hpp>
#include <logboom/json.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/value_text.hpp>

#include <optional>
#include <stdexcept>

#include "buckets.hpp"

namespace logboom::plugins {
namespace {

using throttle::Buckets;

// Of a group's name, which may be any text: what is kept and what the log shows.
constexpr std::size_t longest_name = 1024;
constexpr std::size_t longest_shown = 200;

class ThrottleFilter : public Filter {
 public:
  struct Options {
    std::vector<std::string> group_key{"kubernetes.container_name"};
    std::int64_t group_bucket_period_s = 60;
    std::int64_t group_bucket_limit = 6000;
    bool group_drop_logs = true;
    std::optional<std::int64_t> group_reset_rate_s;
    std::int64_t group_warning_delay_s = 10;
    std::optional<std::int64_t> group_gc_timeout_s;

    static void describe(Describe<Options>& d) {
      constexpr std::int64_t high = 1'000'000'000;
      d.param("group_key", &Options::group_key,
              "The fields whose values make a group, as `a.b` or record accessors, with commas between.");
      d.param("group_bucket_period_s", &Options::group_bucket_period_s, "The seconds of one period.").range(1, high);
      d.param("group_bucket_limit", &Options::group_bucket_limit, "How many events of a group go on in a period.")
          .range(1, high);
      d.param("group_drop_logs", &Options::group_drop_logs, "Drop what is beyond the limit; else only warn of it.");
      d.param("group_reset_rate_s", &Options::group_reset_rate_s,
              "A group beyond its limit stays shut until its rate is below so many events a second; -1: until the "
              "next period. Default and most: limit divided by period.");
      d.param("group_warning_delay_s", &Options::group_warning_delay_s,
              "The seconds between two warnings about a group.")
          .range(1, high);
      d.param("group_gc_timeout_s", &Options::group_gc_timeout_s,
              "A group is forgotten after so many seconds without events. Default: two periods.");
    }
  };

  ThrottleFilter(const Options& options, BuildContext& context)
      : drops_(options.group_drop_logs),
        log_(context.log()),
        id_(context.id()),
        keys_(compile_keys(options, context.element())),
        limits_(limits_of(options, context.element())),
        buckets_(limits_),
        scratch_(context) {
    context.metrics().counter("logboom_filter_throttle_dropped_total", context.labels(), dropped_);
    context.metrics().gauge("logboom_filter_throttle_groups", context.labels(),
                            [this] { return static_cast<std::int64_t>(buckets_.groups()); });
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Scratch& scratch = scratch_.at(sink.worker());
    const Buckets::Clock::time_point now = Buckets::Clock::now();
    batch.for_each([&](const Event& event) {
      const std::string_view group = group_of(event.record, scratch);
      const Buckets::Answer answer = buckets_.count(group, now);
      if (answer.note != Buckets::Note::none) say(answer, group);
      if (answer.verdict == Buckets::Verdict::within || !drops_) return sink.keep(event);
      dropped_.add();
      sink.drop(event);
    });
  }

 private:
  struct Scratch {
    std::string name;
    OutBuffer text;
  };

  /// `a.b` is a path, as the original has it.
  static std::vector<RecordAccessor> compile_keys(const Options& options, const Element& element) {
    std::vector<RecordAccessor> keys;
    for (const std::string& key : options.group_key) {
      const bool is_path = key.find('.') != std::string::npos && !key.starts_with('$');
      try {
        keys.push_back(RecordAccessor::compile(is_path ? "$." + key : key));
      } catch (const std::invalid_argument& error) {
        throw ConfigError(element.find("group_key")->value_pos, error.what());
      }
    }
    return keys;
  }

  static throttle::Limits limits_of(const Options& options, const Element& element) {
    throttle::Limits limits;
    limits.period_s = options.group_bucket_period_s;
    limits.bucket_limit = options.group_bucket_limit;
    limits.warning_delay_s = options.group_warning_delay_s;
    limits.gc_timeout_s = options.group_gc_timeout_s.value_or(2 * limits.period_s);
    const std::int64_t rate = limits.bucket_limit / limits.period_s;
    limits.reset_rate_s = options.group_reset_rate_s.value_or(rate);
    if (limits.reset_rate_s < -1 || limits.reset_rate_s > rate) {
      throw ConfigError(element.find("group_reset_rate_s")->value_pos,
                        cat("group_reset_rate_s must be from -1 to ", rate,
                            ", which is group_bucket_limit divided by group_bucket_period_s"));
    }
    if (limits.gc_timeout_s < 1) {
      throw ConfigError(element.find("group_gc_timeout_s")->value_pos, "group_gc_timeout_s must be at least 1");
    }
    return limits;
  }

  std::string_view group_of(const Record& record, Scratch& scratch) const {
    if (keys_.size() == 1) {
      return value_text(keys_.front().find(record), scratch.text).substr(0, longest_name);
    }
    scratch.name.clear();
    for (const RecordAccessor& key : keys_) {
      if (&key != keys_.data()) scratch.name += '\0';
      scratch.name += value_text(key.find(record), scratch.text).substr(0, longest_name);
    }
    return scratch.name;
  }

  void say(const Buckets::Answer& answer, std::string_view group) {
    std::string shown(group.substr(0, longest_shown));
    for (char& c : shown) {
      if (c == '\0') c = ',';
    }
    OutBuffer quoted;
    append_json_string(quoted, shown);
    const std::string about = cat(" group_key=", quoted.text(), " rate_s=", answer.rate, " period_s=", limits_.period_s,
                                  " limit=", limits_.bucket_limit, " reset_rate_s=", limits_.reset_rate_s);
    answer.note == Buckets::Note::exceeded ? log_.warn(cat(id_, ": rate exceeded", about))
                                           : log_.info(cat(id_, ": rate back down", about));
  }

  bool drops_;
  Log& log_;
  std::string id_;
  std::vector<RecordAccessor> keys_;
  throttle::Limits limits_;
  Buckets buckets_;
  Counter dropped_;
  PerWorker<Scratch> scratch_;
};

}  // namespace

PluginInfo filter_throttle() {
  return describe_plugin<ThrottleFilter>(PluginKind::filter, "throttle", "Limits how many events of a group go on.");
}

}  // namespace logboom::plugins
