#include "output/output_metrics.hpp"

namespace logboom {

void register_output_metrics(Metrics& metrics, const MetricLabels& labels, const OutputCounters& counters,
                             const std::function<OutputTotals()>& totals) {
  metrics.counter("logboom_output_events_total", labels, counters.events_in);
  metrics.counter("logboom_output_bytes_total", labels, counters.bytes_in);
  metrics.counter("logboom_output_delivered_events_total", labels, counters.delivered);
  for (std::size_t i = 0; i < drop_reason_words.size(); ++i) {
    MetricLabels with_reason = labels;
    with_reason.emplace_back("reason", drop_reason_words[i]);
    metrics.counter("logboom_output_dropped_events_total", std::move(with_reason), counters.dropped[i]);
  }
  metrics.counter("logboom_output_dead_letter_events_total", labels, counters.dead_letters);
  metrics.counter("logboom_output_retries_total", labels, counters.retries);
  metrics.counter("logboom_output_write_errors_total", labels, counters.write_errors);
  metrics.gauge("logboom_output_buffered_events", labels,
                [totals] { return static_cast<std::int64_t>(totals().buffered_events); });
  metrics.gauge("logboom_output_buffered_bytes", labels,
                [totals] { return static_cast<std::int64_t>(totals().buffered_bytes); });
}

}  // namespace logboom
