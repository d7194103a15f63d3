#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>

#include "joiner.hpp"

namespace logboom::plugins {
namespace {

class ConcatFilter final : public Filter, private Holder {
 public:
  using Options = concat::Options;

  ConcatFilter(const Options& options, BuildContext& context)
      : plan_(options, context.element(), std::max(1U, context.system().workers)),
        joiners_(context, [this] { return std::make_unique<concat::Joiner>(plan_, counters_, held_); }) {
    if (options.timeout_label) {
      context.label(*options.timeout_label, concat::position(context.element(), "timeout_label"));
    }
    register_metrics(context);
  }

  void apply(const EventBatch& batch, FilterSink& sink) override { joiners_.at(sink.worker()).apply(batch, sink); }
  Holder* holder() noexcept override { return this; }

 private:
  std::optional<Clock::time_point> next_expiry(unsigned worker) const override {
    return joiners_.at(worker).next_expiry();
  }
  void expire(Clock::time_point now, ReleaseSink& sink) override { joiners_.at(sink.worker()).expire(now, sink); }
  void flush(ReleaseSink& sink) override { joiners_.at(sink.worker()).flush(sink); }

  void register_metrics(BuildContext& context) {
    const auto incomplete = [&](const char* reason, const Counter& counter) {
      MetricLabels labels = context.labels();
      labels.emplace_back("reason", reason);
      context.metrics().counter("logboom_concat_incomplete_events_total", std::move(labels), counter);
    };
    incomplete("timeout", counters_.timeout);
    incomplete("missing_fragment", counters_.missing);
    incomplete("max_event_size", counters_.size);
    incomplete("max_held_size", counters_.memory);
    incomplete("end", counters_.end);
    context.metrics().counter("logboom_concat_repeated_fragments_total", context.labels(), counters_.repeated);
    context.metrics().gauge("logboom_concat_held_bytes", context.labels(), [this] { return held_.value(); });
  }

  concat::Plan plan_;
  concat::Counters counters_;
  Gauge held_;
  PerWorker<concat::Joiner> joiners_;
};

}  // namespace

PluginInfo filter_concat() {
  return describe_plugin<ConcatFilter>(PluginKind::filter, "concat",
                                       "Joins events that are parts of one: lines of a stack trace, fragments of a "
                                       "line that Docker cut.");
}

}  // namespace logboom::plugins
