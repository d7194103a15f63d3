#pragma once

#include <mutex>

#include <logboom/metrics.hpp>

namespace logboom {

/// The one registry of a process. Threads: any, for all members; `each` must not register.
class MetricsRegistry : public Metrics {
 public:
  void counter(std::string name, MetricLabels labels, const Counter& counter) override;
  void gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) override;
  /// In the order of the names; series of one name in the order in which they were registered.
  void visit(const std::function<void(const Sample&)>& each) const override;

 private:
  struct Series {
    std::string name;
    MetricLabels labels;
    std::function<std::int64_t()> read;
  };
  void insert(Series series);

  mutable std::mutex mutex_;
  std::vector<Series> series_;
};

/// `name{label="value"} 5`, as Prometheus' text format has it
/// (https://prometheus.io/docs/instrumenting/exposition_formats/), without a line end.
std::string sample_line(const Metrics::Sample& sample);

}  // namespace logboom
