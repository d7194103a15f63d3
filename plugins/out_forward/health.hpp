#pragma once

#include <cstddef>
#include <string>

#include "failure_detector.hpp"
#include "setup.hpp"

namespace logboom::out_forward {

/// Whether a server gets events, from heartbeats and from what became of sends. Sans-io; times are seconds of a clock
/// that does not jump. Threads: one at a time.
class Health {
 public:
  enum class Change : std::uint8_t { none, lost, back };

  Health(const Setup& setup, double now);

  /// May be given events. Without heartbeats a lost server is tried again after `recover_wait`.
  bool is_available(double now) const noexcept;
  bool is_up() const noexcept { return up_; }

  /// A heartbeat came; after `recover_wait` of them a lost server is back.
  Change heartbeat(double now);
  /// It took events: as good as a heartbeat. Without heartbeats a lost server is back at once.
  Change succeeded(double now);
  /// It could not be reached, or did not do what it should.
  Change failed(double now);
  /// To be called at intervals: whether it has been silent for too long; `why` says for how long.
  Change look(double now, std::string& why);

 private:
  Change lose(double now);

  bool heartbeats_;
  bool use_phi_;
  double threshold_;
  double recover_wait_;
  std::size_t recover_samples_;
  FailureDetector detector_;
  bool up_ = true;
  double again_ = 0;  // without heartbeats: when it is tried again
};

}  // namespace logboom::out_forward
