#include "base/metrics.hpp"

#include <algorithm>

namespace logboom {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
}

}  // namespace

std::size_t Counter::cell() noexcept {
  static constinit std::atomic<std::size_t> threads{0};
  thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed) % cell_count;
  return mine;
}

void MetricsRegistry::counter(std::string name, MetricLabels labels, const Counter& counter) {
  insert({std::move(name), std::move(labels), [&counter] { return static_cast<std::int64_t>(counter.value()); }});
}

void MetricsRegistry::gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) {
  insert({std::move(name), std::move(labels), std::move(read)});
}

void MetricsRegistry::insert(Series series) {
  const std::lock_guard lock(mutex_);
  const auto place = std::upper_bound(series_.begin(), series_.end(), series.name,
                                      [](const std::string& name, const Series& s) { return name < s.name; });
  series_.insert(place, std::move(series));
}

void MetricsRegistry::visit(const std::function<void(const Sample&)>& each) const {
  const std::lock_guard lock(mutex_);
  for (const Series& series : series_) each(Sample{series.name, series.labels, series.read()});
}

std::string sample_line(const Metrics::Sample& sample) {
  std::string out = sample.name;
  char separator = '{';
  for (const auto& [label, value] : sample.labels) {
    out += separator;
    out.append(label).append("=\"");
    append_escaped(out, value);
    out += '"';
    separator = ',';
  }
  if (!sample.labels.empty()) out += '}';
  return out + " " + std::to_string(sample.value);
}

}  // namespace logboom
