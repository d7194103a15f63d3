#pragma once

#include <cstddef>
#include <deque>

namespace logboom::out_forward {

/// How sure it is that a server is gone, from the times of its heartbeats: the phi accrual failure detector of
/// Hayashibara et al., "The φ accrual failure detector", 2004, with exponentially distributed gaps and later ones
/// weighing more, as Fluentd has it. phi is about 0.43 × the silence in mean gaps: 16 means 37 silent seconds at one
/// heartbeat a second.
///
/// Times are seconds of any clock that does not jump. Threads: one at a time.
class FailureDetector {
 public:
  FailureDetector(double interval, double hard_timeout, double now);

  /// A heartbeat.
  void add(double now);
  double phi(double now) const;
  /// Nothing was heard for longer than the hard timeout.
  bool is_silent(double now) const noexcept { return now - last_ > hard_timeout_; }
  /// Forgets all heartbeats; the silence begins now.
  void clear(double now);
  /// Heartbeats since the last `clear`; before it, one more.
  std::size_t samples() const noexcept { return gaps_.size(); }

 private:
  static constexpr std::size_t most = 1000;

  double interval_;
  double hard_timeout_;
  double last_;
  std::deque<double> gaps_;
};

}  // namespace logboom::out_forward
