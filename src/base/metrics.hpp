#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <logboom/metrics.hpp>

namespace logboom {

class MetricsGroup;

/// The one registry of a process. Threads: any, for all members; `each` must not register.
class MetricsRegistry : public Metrics {
 public:
  void counter(std::string name, MetricLabels labels, const Counter& counter) override;
  void gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) override;
  /// In the order of the names; series of one name in the order in which they were registered. What groups that left
  /// have counted stands behind them, as one series for each name and `reason`, with the id "retired".
  void visit(const std::function<void(const Sample&)>& each) const override;

  /// Series that come and go together: those of one plugin. The registry outlives it.
  std::unique_ptr<MetricsGroup> group();

 private:
  friend class MetricsGroup;
  struct Series {
    MetricLabels labels;
    std::function<std::int64_t()> read;
    bool counts = false;
  };
  using ByName = std::multimap<std::string, Series>;
  using Sums = std::map<std::pair<std::string, std::string>, std::int64_t>;  // by name and reason
  static void add_up(Sums& sums, const ByName::value_type& series);

  mutable std::mutex mutex_;
  ByName series_;
  ByName leaving_;
  Sums retired_;
};

/// What one plugin registers. Not shown before `enter`; from `leave` on, shown in the sums of what is retired; gone,
/// but for these sums of its counters, with `retire` or the group.
///
/// Threads: any.
class MetricsGroup final : public Metrics {
 public:
  explicit MetricsGroup(MetricsRegistry& registry) : registry_(registry) {}
  ~MetricsGroup() override { retire(); }
  MetricsGroup(const MetricsGroup&) = delete;
  MetricsGroup& operator=(const MetricsGroup&) = delete;

  void counter(std::string name, MetricLabels labels, const Counter& counter) override;
  void gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) override;
  void visit(const std::function<void(const Sample&)>& each) const override { registry_.visit(each); }

  void enter();
  void leave();
  /// Nothing is read any more from what was registered; what is registered later is ignored.
  void retire();

 private:
  enum class State : std::uint8_t { waiting, there, leaving, retired };
  void add(std::string name, MetricsRegistry::Series series);
  /// The home of the group's series, if it has one.
  MetricsRegistry::ByName* home() noexcept;
  void move_to(State state);

  MetricsRegistry& registry_;
  State state_ = State::waiting;  // under the registry's mutex, as all else
  MetricsRegistry::ByName waiting_;
  std::vector<MetricsRegistry::ByName::iterator> mine_;  // in the registry, in the order of registering
};

/// `name{label="value"} 5`, as Prometheus' text format has it
/// (https://prometheus.io/docs/instrumenting/exposition_formats/), without a line end.
std::string sample_line(const Metrics::Sample& sample);

}  // namespace logboom
