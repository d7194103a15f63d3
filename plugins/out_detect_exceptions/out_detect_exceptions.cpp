#include <algorithm>

#include <logboom/output.hpp>
#include <logboom/per_worker.hpp>

#include "joiner.hpp"

namespace logboom::plugins {
namespace {

using detect_exceptions::Detector;
using detect_exceptions::Joiner;
using detect_exceptions::Settings;

class DetectExceptions final : public EmitOutput, private Holder {
 public:
  struct Options {
    std::string remove_tag_prefix;
    std::string message;
    std::vector<std::string> languages;
    std::chrono::nanoseconds multiline_flush_interval{std::chrono::seconds(5)};
    std::uint32_t max_lines = 1000;
    ByteSize max_bytes{0};
    std::string stream;
    bool force_line_breaks = false;
    ByteSize max_held_size{std::uint64_t{64} << 20};

    static void describe(Describe<Options>& d) {
      d.param("remove_tag_prefix", &Options::remove_tag_prefix,
              "Whole parts that are taken off the front of tags, so that the events meet other rules: `raw` makes "
              "`app` of `raw.app`.");
      d.param("message", &Options::message, "The field with the line; empty: `message`, or else `log`.");
      d.param("languages", &Options::languages,
              "Whose traces are looked for: java, js, csharp, python, go, ruby, php, rust, dart, or all, which is the "
              "default.");
      d.param("multiline_flush_interval", &Options::multiline_flush_interval,
              "A trace goes on at the latest so long after its first line; 0: only when another line comes.");
      d.param("max_lines", &Options::max_lines, "The most lines of one event; 0: no limit.");
      d.param("max_bytes", &Options::max_bytes, "The longest joined text; 0: no limit of its own.");
      d.param("stream", &Options::stream, "A field that tells streams of one tag apart.");
      d.param("force_line_breaks", &Options::force_line_breaks,
              "Put line ends between the lines, for those that come without, as Docker's do.");
      d.param("max_held_size", &Options::max_held_size,
              "The memory for everything that is held; beyond it lines go on unjoined.");
    }
  };

  DetectExceptions(const Options& options, BuildContext& context)
      : settings_(settings(options, std::max(1U, context.system().workers))),
        detector_(languages(options, context.element())),
        joiners_(context, [this] { return std::make_unique<Joiner>(settings_, detector_); }) {}

  void process(const EventBatch& batch, EmitSink& sink) override { joiners_.at(sink.worker()).process(batch, sink); }
  Holder* holder() noexcept override { return this; }

 private:
  std::optional<Clock::time_point> next_expiry(unsigned worker) const override {
    return joiners_.at(worker).next_expiry();
  }
  void expire(Clock::time_point now, ReleaseSink& sink) override { joiners_.at(sink.worker()).expire(now, sink); }
  void flush(ReleaseSink& sink) override { joiners_.at(sink.worker()).flush(sink); }

  static Settings settings(const Options& options, unsigned workers) {
    Settings s;
    s.remove_tag_prefix = options.remove_tag_prefix;
    if (!s.remove_tag_prefix.empty() && !s.remove_tag_prefix.ends_with('.')) s.remove_tag_prefix += '.';
    s.message = options.message;
    s.stream = options.stream;
    s.flush_interval = options.multiline_flush_interval;
    s.max_lines = options.max_lines;
    s.max_bytes = options.max_bytes.bytes;
    s.held_size = options.max_held_size.bytes / workers;
    s.force_line_breaks = options.force_line_breaks;
    return s;
  }
  static unsigned languages(const Options& options, const Element& element) {
    unsigned set = 0;
    for (const std::string& name : options.languages) {
      const unsigned language = detect_exceptions::language_of(name);
      if (language == 0) {
        const Attribute* attribute = element.find("languages");
        throw ConfigError(attribute->value_pos, cat("no stack traces of \"", name, "\" are known; use some of ",
                                                    detect_exceptions::language_names()));
      }
      set |= language;
    }
    return set == 0 ? static_cast<unsigned>(detect_exceptions::all_languages) : set;
  }

  Settings settings_;
  Detector detector_;
  PerWorker<Joiner> joiners_;
};

}  // namespace

PluginInfo out_detect_exceptions() {
  return describe_plugin<DetectExceptions>(
      PluginKind::output, "detect_exceptions",
      "Joins the lines of stack traces, recognised by the languages' shapes, and emits events again.");
}

}  // namespace logboom::plugins
