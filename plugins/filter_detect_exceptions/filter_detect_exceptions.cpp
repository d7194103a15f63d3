#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/stack_traces.hpp>

namespace logboom::plugins {
namespace {

/// Everything goes on at its place in the batch.
class InPlace final : public StackTraceSink {
 public:
  explicit InPlace(FilterSink& sink) : sink_(sink) {}
  void pass(const Event& event) override { sink_.keep(event); }
  void hold(const Event& event) override { sink_.hold(event); }
  void release(const EventTime& time, std::string_view record, std::uint64_t held) override {
    sink_.release(time, record, held);
  }

 private:
  FilterSink& sink_;
};

class DetectExceptionsFilter final : public Filter, private Holder {
 public:
  struct Options : StackTraceOptions {
    static void describe(Describe<Options>& d) { describe_stack_traces(d); }
  };

  DetectExceptionsFilter(const Options& options, BuildContext& context)
      : traces_(context, [plan = StackTraces::plan(options, context)] { return std::make_unique<StackTraces>(plan); }) {
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    InPlace in_place(sink);
    traces_.at(sink.worker()).process(batch, batch.tag().text(), in_place);
  }
  Holder* holder() noexcept override { return this; }

 private:
  std::optional<Clock::time_point> next_expiry(unsigned worker) const override {
    return traces_.at(worker).next_expiry();
  }
  void expire(Clock::time_point now, ReleaseSink& sink) override { traces_.at(sink.worker()).expire(now, sink); }
  void flush(ReleaseSink& sink) override { traces_.at(sink.worker()).flush(sink); }

  PerWorker<StackTraces> traces_;
};

}  // namespace

PluginInfo filter_detect_exceptions() {
  return describe_plugin<DetectExceptionsFilter>(
      PluginKind::filter, "detect_exceptions",
      "Joins the lines of stack traces, recognised by the languages' shapes, where they pass.");
}

}  // namespace logboom::plugins
