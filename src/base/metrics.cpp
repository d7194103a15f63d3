#include "base/metrics.hpp"

#include <algorithm>
#include <iterator>

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
  const std::lock_guard lock(mutex_);
  insert({std::move(name), std::move(labels), [&counter] { return static_cast<std::int64_t>(counter.value()); }, true,
          nullptr});
}

void MetricsRegistry::gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) {
  const std::lock_guard lock(mutex_);
  insert({std::move(name), std::move(labels), std::move(read), false, nullptr});
}

std::unique_ptr<MetricsGroup> MetricsRegistry::group() { return std::make_unique<MetricsGroup>(*this); }

void MetricsRegistry::insert(Series series) {
  const auto place = std::upper_bound(series_.begin(), series_.end(), series.name,
                                      [](const std::string& name, const Series& s) { return name < s.name; });
  series_.insert(place, std::move(series));
}

std::vector<MetricsRegistry::Series> MetricsRegistry::take(const MetricsGroup* group) {
  std::vector<Series> taken;
  for (std::vector<Series>* list : {&series_, &leaving_}) {
    const auto rest =
        std::stable_partition(list->begin(), list->end(), [group](const Series& s) { return s.group != group; });
    std::move(rest, list->end(), std::back_inserter(taken));
    list->erase(rest, list->end());
  }
  return taken;
}

void MetricsRegistry::add_up(Sums& sums, const Series& series) {
  std::string reason;
  for (const auto& [label, value] : series.labels) {
    if (label == "reason") reason = value;
  }
  sums[{series.name, std::move(reason)}] += series.read();
}

void MetricsRegistry::visit(const std::function<void(const Sample&)>& each) const {
  const std::lock_guard lock(mutex_);
  Sums sums = retired_;
  for (const Series& series : leaving_) add_up(sums, series);
  auto sum = sums.begin();
  const auto tell_sum = [&each, &sum] {
    MetricLabels labels{{"id", "retired"}};
    if (!sum->first.second.empty()) labels.emplace_back("reason", sum->first.second);
    each(Sample{sum->first.first, labels, sum->second});
    ++sum;
  };
  for (const Series& series : series_) {
    while (sum != sums.end() && sum->first.first < series.name) tell_sum();
    each(Sample{series.name, series.labels, series.read()});
  }
  while (sum != sums.end()) tell_sum();
}

void MetricsGroup::counter(std::string name, MetricLabels labels, const Counter& counter) {
  add({std::move(name), std::move(labels), [&counter] { return static_cast<std::int64_t>(counter.value()); }, true,
       this});
}

void MetricsGroup::gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) {
  add({std::move(name), std::move(labels), std::move(read), false, this});
}

void MetricsGroup::add(MetricsRegistry::Series series) {
  const std::lock_guard lock(registry_.mutex_);
  switch (state_) {
    case State::waiting: waiting_.push_back(std::move(series)); break;
    case State::there: registry_.insert(std::move(series)); break;
    case State::leaving: registry_.leaving_.push_back(std::move(series)); break;
    case State::retired: break;
  }
}

void MetricsGroup::enter() {
  const std::lock_guard lock(registry_.mutex_);
  if (state_ != State::waiting) return;
  state_ = State::there;
  for (MetricsRegistry::Series& series : waiting_) registry_.insert(std::move(series));
  waiting_.clear();
}

void MetricsGroup::leave() {
  const std::lock_guard lock(registry_.mutex_);
  if (state_ != State::there) return;
  state_ = State::leaving;
  std::vector<MetricsRegistry::Series> mine = registry_.take(this);
  std::move(mine.begin(), mine.end(), std::back_inserter(registry_.leaving_));
}

void MetricsGroup::retire() {
  const std::lock_guard lock(registry_.mutex_);
  waiting_.clear();
  if (state_ != State::waiting) {
    for (const MetricsRegistry::Series& series : registry_.take(this)) {
      if (series.counts) MetricsRegistry::add_up(registry_.retired_, series);
    }
  }
  state_ = State::retired;
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
