#include "failure_detector.hpp"

#include <algorithm>
#include <cmath>

namespace logboom::out_forward {

namespace {

// Below this a mean gap says nothing but that the clock is coarse.
constexpr double least_mean = 1e-3;

}  // namespace

FailureDetector::FailureDetector(double interval, double hard_timeout, double now)
    : interval_(interval), hard_timeout_(hard_timeout), last_(now), gaps_{interval} {}

void FailureDetector::add(double now) {
  gaps_.push_back(gaps_.empty() ? interval_ : now - last_);
  if (gaps_.size() > most) gaps_.pop_front();
  last_ = now;
}

double FailureDetector::phi(double now) const {
  if (gaps_.empty()) return 0;
  double sum = 0;
  double weights = 0;
  double weight = 0;
  for (const double gap : gaps_) {
    weight += 1;
    sum += gap * weight;
    weights += weight;
  }
  // As if the interval were one second, whatever it is.
  const double mean = std::max(sum / weights - interval_ + 1, least_mean);
  const double silence = now - last_ - interval_ + 1;
  return silence / (mean * std::log(10.0));
}

void FailureDetector::clear(double now) {
  gaps_.clear();
  last_ = now;
}

}  // namespace logboom::out_forward
