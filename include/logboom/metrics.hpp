#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logboom {

/// A number that only grows. Each thread adds to a cell of its own, so that adding on the hot path shares nothing.
/// Threads: any.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { cells_[cell()].value.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept {
    std::uint64_t sum = 0;
    for (const Cell& c : cells_) sum += c.value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr std::size_t cell_count = 4;
  static std::size_t cell() noexcept;
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Cell, cell_count> cells_;
};

/// A number that goes up and down. Threads: any.
class Gauge {
 public:
  void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::int64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// The names under which counters are shown: by SIGCONT, in the summary, and to whatever scrapes them. Names carry the
/// prefix `logboom_`, counters end in `_total`; label values are bounded in number.
///
/// Threads: registering belongs to the building of the pipeline; `visit` may run at any time.
/// Lifetime: what is registered outlives the registry's last `visit`.
class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual void counter(std::string name, MetricLabels labels, const Counter& counter) = 0;
  virtual void gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) = 0;
  struct Sample {
    const std::string& name;
    const MetricLabels& labels;
    std::int64_t value;
  };
  virtual void visit(const std::function<void(const Sample&)>& each) const = 0;
};

}  // namespace logboom
