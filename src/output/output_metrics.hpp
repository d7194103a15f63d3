#pragma once

#include <functional>

#include <logboom/buffer.hpp>
#include <logboom/metrics.hpp>

namespace logboom {

/// Registers an output's counters under their names, and its gauges, which `totals` gives.
void register_output_metrics(Metrics& metrics, const MetricLabels& labels, const OutputCounters& counters,
                             const std::function<OutputTotals()>& totals);

}  // namespace logboom
