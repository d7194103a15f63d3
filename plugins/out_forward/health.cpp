#include "health.hpp"

#include <cstdio>

namespace logboom::out_forward {

namespace {

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::string silence_text(const char* format, double value) {
  char text[96];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

Health::Health(const Setup& setup, double now)
    : heartbeats_(setup.heartbeat != HeartbeatType::none),
      use_phi_(setup.phi),
      threshold_(setup.phi_threshold),
      recover_wait_(seconds(setup.recover_wait)),
      recover_samples_(static_cast<std::size_t>(seconds(setup.recover_wait) / seconds(setup.heartbeat_interval))),
      detector_(seconds(setup.heartbeat_interval), seconds(setup.hard_timeout), now) {}

bool Health::is_available(double now) const noexcept { return up_ || (!heartbeats_ && now >= again_); }

Health::Change Health::heartbeat(double now) {
  detector_.add(now);
  if (up_ || detector_.samples() <= recover_samples_) return Change::none;
  up_ = true;
  return Change::back;
}

Health::Change Health::succeeded(double now) {
  detector_.add(now);
  if (up_ || heartbeats_) return Change::none;
  up_ = true;
  return Change::back;
}

Health::Change Health::failed(double now) { return lose(now); }

Health::Change Health::look(double now, std::string& why) {
  if (!heartbeats_) return Change::none;
  if (detector_.is_silent(now)) {
    if (!up_) {
      detector_.clear(now);
      return Change::none;
    }
    why = "no heartbeat within hard_timeout";
    return lose(now);
  }
  if (!up_ || !use_phi_) return Change::none;
  const double phi = detector_.phi(now);
  if (phi <= threshold_) return Change::none;
  why = silence_text("its heartbeats stay away (phi %.1f)", phi);
  return lose(now);
}

Health::Change Health::lose(double now) {
  detector_.clear(now);
  again_ = now + recover_wait_;
  return std::exchange(up_, false) ? Change::lost : Change::none;
}

}  // namespace logboom::out_forward
