#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/value_text.hpp>

#include <optional>
#include <random>
#include <stdexcept>

#include "sampler.hpp"

namespace logboom::plugins {
namespace {

// Of a unit's name, which may be any text.
constexpr std::size_t longest_name = 1024;

class SamplingFilter : public Filter {
 public:
  struct Options {
    std::optional<std::int64_t> interval;
    std::string sample_unit = "tag";
    std::optional<std::int64_t> minimum_rate_per_min;
    std::optional<double> probability;

    static void describe(Describe<Options>& d) {
      constexpr std::int64_t high = 1'000'000'000;
      d.param("interval", &Options::interval, "One of so many events goes on.").range(1, high);
      d.param("sample_unit", &Options::sample_unit,
              "What is counted by itself: tag, all, or the values of a field, by its name or record accessor.");
      d.param("minimum_rate_per_min", &Options::minimum_rate_per_min,
              "With interval: as long as it is fewer in a minute than this, all go on.")
          .range(1, high);
      d.param("probability", &Options::probability,
              "Instead of interval: the chance of each event to go on, from 0 to 1.");
    }
  };

  SamplingFilter(const Options& options, BuildContext& context)
      : probability_(options.probability),
        unit_(options.sample_unit),
        sampler_(static_cast<std::uint64_t>(options.interval.value_or(1)),
                 static_cast<std::uint64_t>(options.minimum_rate_per_min.value_or(0))),
        workers_(context) {
    const Element& element = context.element();
    if (options.interval.has_value() == probability_.has_value()) {
      throw ConfigError(element.pos, "sampling needs either interval or probability");
    }
    if (probability_ && (*probability_ < 0 || *probability_ > 1)) {
      throw ConfigError(element.find("probability")->value_pos, "probability is a number from 0 to 1");
    }
    if (probability_ && options.minimum_rate_per_min) {
      throw ConfigError(element.find("minimum_rate_per_min")->key_pos, "minimum_rate_per_min goes with interval only");
    }
    if (unit_ == "tag" || unit_ == "all") return;
    try {
      key_ = RecordAccessor::compile(unit_);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(element.find("sample_unit")->value_pos, error.what());
    }
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Worker& worker = workers_.at(sink.worker());
    const Sampler::Clock::time_point now = Sampler::Clock::now();
    const std::string_view tag = batch.tag().text();
    batch.for_each([&](const Event& event) {
      bool taken = false;
      if (probability_) {
        taken = std::uniform_real_distribution<double>()(worker.random) < *probability_;
      } else if (key_) {
        taken = sampler_.take(value_text(key_->find(event.record), worker.text).substr(0, longest_name), now);
      } else {
        taken = sampler_.take(unit_ == "tag" ? tag : "all", now);
      }
      taken ? sink.keep(event) : sink.drop(event);
    });
  }

 private:
  struct Worker {
    std::mt19937_64 random{std::random_device{}()};
    OutBuffer text;
  };

  std::optional<double> probability_;
  std::string unit_;
  std::optional<RecordAccessor> key_;
  Sampler sampler_;
  PerWorker<Worker> workers_;
};

}  // namespace

PluginInfo filter_sampling() {
  return describe_plugin<SamplingFilter>(PluginKind::filter, "sampling", "Lets a part of the events through.",
                                         {"sampling_filter"});
}

}  // namespace logboom::plugins
