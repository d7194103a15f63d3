#include "base/metrics.hpp"

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

std::function<std::int64_t()> reader(const Counter& counter) {
  return [&counter] { return static_cast<std::int64_t>(counter.value()); };
}

}  // namespace

std::size_t Counter::cell() noexcept {
  static constinit std::atomic<std::size_t> threads{0};
  thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed) % cell_count;
  return mine;
}

void MetricsRegistry::counter(std::string name, MetricLabels labels, const Counter& counter) {
  const std::lock_guard lock(mutex_);
  series_.emplace(std::move(name), Series{std::move(labels), reader(counter), true});
}

void MetricsRegistry::gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) {
  const std::lock_guard lock(mutex_);
  series_.emplace(std::move(name), Series{std::move(labels), std::move(read), false});
}

std::unique_ptr<MetricsGroup> MetricsRegistry::group() { return std::make_unique<MetricsGroup>(*this); }

void MetricsRegistry::add_up(Sums& sums, const ByName::value_type& series) {
  std::string reason;
  for (const auto& [label, value] : series.second.labels) {
    if (label == "reason") reason = value;
  }
  sums[{series.first, std::move(reason)}] += series.second.read();
}

void MetricsRegistry::visit(const std::function<void(const Sample&)>& each) const {
  const std::lock_guard lock(mutex_);
  Sums sums = retired_;
  for (const auto& series : leaving_) add_up(sums, series);
  auto sum = sums.begin();
  const auto tell_sum = [&each, &sum] {
    MetricLabels labels{{"id", "retired"}};
    if (!sum->first.second.empty()) labels.emplace_back("reason", sum->first.second);
    each(Sample{sum->first.first, labels, sum->second});
    ++sum;
  };
  for (const auto& [name, series] : series_) {
    while (sum != sums.end() && sum->first.first < name) tell_sum();
    each(Sample{name, series.labels, series.read()});
  }
  while (sum != sums.end()) tell_sum();
}

void MetricsGroup::counter(std::string name, MetricLabels labels, const Counter& counter) {
  add(std::move(name), {std::move(labels), reader(counter), true});
}

void MetricsGroup::gauge(std::string name, MetricLabels labels, std::function<std::int64_t()> read) {
  add(std::move(name), {std::move(labels), std::move(read), false});
}

MetricsRegistry::ByName* MetricsGroup::home() noexcept {
  switch (state_) {
    case State::waiting: return &waiting_;
    case State::there: return &registry_.series_;
    case State::leaving: return &registry_.leaving_;
    case State::retired: break;
  }
  return nullptr;
}

void MetricsGroup::add(std::string name, MetricsRegistry::Series series) {
  const std::lock_guard lock(registry_.mutex_);
  if (MetricsRegistry::ByName* home = this->home()) mine_.push_back(home->emplace(std::move(name), std::move(series)));
}

void MetricsGroup::move_to(State state) {
  MetricsRegistry::ByName& from = *home();
  state_ = state;
  for (auto& place : mine_) place = home()->insert(from.extract(place));
}

void MetricsGroup::enter() {
  const std::lock_guard lock(registry_.mutex_);
  if (state_ == State::waiting) move_to(State::there);
}

void MetricsGroup::leave() {
  const std::lock_guard lock(registry_.mutex_);
  if (state_ == State::there) move_to(State::leaving);
}

void MetricsGroup::retire() {
  const std::lock_guard lock(registry_.mutex_);
  for (const auto place : mine_) {
    if (place->second.counts && state_ != State::waiting) MetricsRegistry::add_up(registry_.retired_, *place);
    home()->erase(place);
  }
  mine_.clear();
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
