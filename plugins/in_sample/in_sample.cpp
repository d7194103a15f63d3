#include <logboom/batch_writer.hpp>
#include <logboom/input.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/text_events.hpp>

#include <algorithm>

namespace logboom {

namespace in_sample {
namespace {

struct Options {
  std::string tag;
  std::int64_t size = 1;
  std::int64_t rate = 1;
  std::string auto_increment_key;
  std::string sample = R"({"message":"sample"})";
  bool reuse_record = false;
  bool suspend = false;

  static void describe(Describe<Options>& d) {
    d.param("tag", &Options::tag, "The tag of the events.").required();
    d.param("size", &Options::size, "Events at a time.").range(1, 1'000'000);
    d.param("rate", &Options::rate, "How many times a second.").range(0, 100'000'000);
    d.param("auto_increment_key", &Options::auto_increment_key, "Field for a number that counts the events from 0 on.");
    d.param("sample", &Options::sample, "A record as JSON, or an array of records that are taken in turn.")
        .alias("dummy");
    d.param("reuse_record", &Options::reuse_record, "Known and without effect.");
    d.param("suspend", &Options::suspend, "Known and without effect: the number begins with 0 at each start.");
    d.leave_section("storage");
  }
};

/// Brings what is due at each tick. When a buffer was full for long, what was due meanwhile is left out.
class SampleTask final : public net::Task {
 public:
  using Clock = std::chrono::steady_clock;

  SampleTask(net::Source& source, const Options& options, const std::vector<std::string>& samples)
      : source_(source), options_(options), samples_(samples), out_(source) {
    wait();
  }

  void on_timer() override {
    if (stopped_) return;
    const auto elapsed = std::chrono::duration<double>(Clock::now() - begun_).count();
    const auto due = static_cast<std::int64_t>(elapsed * static_cast<double>(options_.rate));
    const EventTime now = time_now();
    const std::int64_t most = std::max<std::int64_t>(options_.rate, 1);
    if (due - done_ > most) done_ = due - most;
    for (; done_ < due && !source_.held(); ++done_) {
      for (std::int64_t i = 0; i < options_.size; ++i) add(now);
    }
    out_.flush();
    wait();
  }
  void on_stop() override { stopped_ = true; }

 private:
  static constexpr std::chrono::microseconds tick{100'000};

  void wait() {
    if (options_.rate == 0) return;
    const double next = static_cast<double>(done_ + 1) / static_cast<double>(options_.rate);
    const auto at = begun_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(next));
    const auto until = std::chrono::ceil<std::chrono::microseconds>(at - Clock::now());
    source_.set_timer(std::max(until, options_.rate < 10 ? std::chrono::microseconds(0) : tick));
  }

  void add(const EventTime& now) {
    const std::string& sample = samples_[next_];
    next_ = (next_ + 1) % samples_.size();
    if (options_.auto_increment_key.empty()) return out_.add(options_.tag, now, std::string_view(sample));
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(sample.data());
    editor_.start(Record(msgpack::Value(bytes, bytes + sample.size())));
    editor_.set(options_.auto_increment_key, [this](msgpack::Writer& w) { w.integer(number_++); });
    changed_.clear();
    editor_.write(changed_);
    out_.add(options_.tag, now, changed_.text());
  }

  net::Source& source_;
  const Options& options_;
  const std::vector<std::string>& samples_;
  BatchWriter out_;
  RecordEditor editor_;
  OutBuffer changed_;
  Clock::time_point begun_ = Clock::now();
  std::int64_t done_ = 0;
  std::int64_t number_ = 0;
  std::size_t next_ = 0;
  bool stopped_ = false;
};

class SampleInput final : public Input {
 public:
  using Options = in_sample::Options;

  SampleInput(Options options, BuildContext& context) : options_(std::move(options)) {
    if (options_.reuse_record) {
      context.warn(context.element().find("reuse_record")->key_pos,
                   "reuse_record has no effect: records are written once, and not copied");
    }
    OutBuffer bytes;
    if (JsonError wrong; !JsonReader().read(options_.sample, bytes, wrong)) {
      fail(context, cat("sample is not JSON: ", wrong.message));
    }
    const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const msgpack::Value all(at, at + bytes.size());
    if (all.type() == msgpack::Type::map) {
      samples_.emplace_back(bytes.text());
      return;
    }
    if (all.type() != msgpack::Type::array || all.count() == 0) {
      fail(context, "sample must be a JSON object, or an array of at least one");
    }
    at = all.children();
    for (std::uint32_t i = 0; i < all.count(); ++i) {
      const msgpack::Value one(at, msgpack::skip(at, all.end()));
      if (one.type() != msgpack::Type::map) fail(context, cat("element ", i + 1, " of sample is no object"));
      samples_.emplace_back(reinterpret_cast<const char*>(one.begin()), one.size());
      at = one.end();
    }
  }

  void start(net::Host& host) override {
    host.run([this](net::Source& source) { return std::make_unique<SampleTask>(source, options_, samples_); });
  }

 private:
  [[noreturn]] static void fail(BuildContext& context, const std::string& message) {
    const Element& element = context.element();
    const Attribute* attribute = element.find("sample");
    if (attribute == nullptr) attribute = element.find("dummy");
    throw ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, message);
  }

  Options options_;
  std::vector<std::string> samples_;
};

}  // namespace
}  // namespace in_sample

namespace plugins {

PluginInfo in_sample() {
  return describe_plugin<logboom::in_sample::SampleInput>(PluginKind::input, "sample",
                                                          "Makes events, for tests of a configuration.", {"dummy"});
}

}  // namespace plugins
}  // namespace logboom
