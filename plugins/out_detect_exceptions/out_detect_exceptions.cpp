#include <logboom/output.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/stack_traces.hpp>

namespace logboom::plugins {
namespace {

/// Everything goes on under one tag.
class UnderTag final : public StackTraceSink {
 public:
  UnderTag(std::string_view tag, EmitSink& sink) : tag_(tag), sink_(sink) {}
  void pass(const Event& event) override { sink_.emit(tag_, event); }
  void hold(const Event& event) override { sink_.hold(event); }
  void release(const EventTime& time, std::string_view record, std::uint64_t held) override {
    sink_.release(tag_, time, record, held);
  }

 private:
  std::string_view tag_;
  EmitSink& sink_;
};

class DetectExceptions final : public EmitOutput, private Holder {
 public:
  struct Options : StackTraceOptions {
    std::string remove_tag_prefix;

    static void describe(Describe<Options>& d) {
      d.param("remove_tag_prefix", &Options::remove_tag_prefix,
              "Whole parts that are taken off the front of tags, so that the events meet other rules: `raw` makes "
              "`app` of `raw.app`.");
      describe_stack_traces(d);
    }
  };

  DetectExceptions(const Options& options, BuildContext& context)
      : prefix_(options.remove_tag_prefix),
        traces_(context, [plan = StackTraces::plan(options, context)] { return std::make_unique<StackTraces>(plan); }) {
    if (!prefix_.empty() && !prefix_.ends_with('.')) prefix_ += '.';
  }

  void process(const EventBatch& batch, EmitSink& sink) override {
    std::string_view tag = batch.tag().text();
    if (!prefix_.empty() && tag.starts_with(prefix_)) tag.remove_prefix(prefix_.size());
    UnderTag under_tag(tag, sink);
    traces_.at(sink.worker()).process(batch, tag, under_tag);
  }
  Holder* holder() noexcept override { return this; }

 private:
  std::optional<Clock::time_point> next_expiry(unsigned worker) const override {
    return traces_.at(worker).next_expiry();
  }
  void expire(Clock::time_point now, ReleaseSink& sink) override { traces_.at(sink.worker()).expire(now, sink); }
  void flush(ReleaseSink& sink) override { traces_.at(sink.worker()).flush(sink); }

  std::string prefix_;
  PerWorker<StackTraces> traces_;
};

}  // namespace

PluginInfo out_detect_exceptions() {
  return describe_plugin<DetectExceptions>(
      PluginKind::output, "detect_exceptions",
      "Joins the lines of stack traces, recognised by the languages' shapes, and emits events again.");
}

}  // namespace logboom::plugins
