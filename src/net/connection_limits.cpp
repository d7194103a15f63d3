#include <utility>

#include "net/admission.hpp"
#include "net/connection.hpp"

// What a connection may take: its time, its bytes, and its place among those that have yet to show who they are.
namespace logboom::net {

namespace {

// Less than that is not worth to be counted.
constexpr std::size_t least_weight = 16 * 1024;

}  // namespace

void StreamConnection::half_open(bool on) {
  half_open_ = on && group_.admission ? group_.admission->half_open(worker_, id_, peer_) : nullptr;
}

void StreamConnection::evict() {
  if (state_ == State::open && half_open_) end(End::closed_by_us, Close::reset);
}

/// Called when what it keeps may have changed.
void StreamConnection::weigh() {
  if (!memory_ || state_ != State::open) return;
  if (close_wanted_ && close_how_ == Close::reset) return;  // counted already
  const std::size_t held = unconsumed() + session_holds_ + outbox_.size();
  const std::uint64_t limit = group_.options.limits.bytes_per_connection.bytes;
  if (limit != 0 && held > limit) {
    group_.admission->too_large(peer_);
    return close(Close::reset);
  }
  const std::uint64_t weight = (large_ ? large_->capacity() : small_size_) + session_holds_ + outbox_.size();
  const std::uint64_t counted = weight < least_weight ? 0 : weight;
  const std::uint64_t taken = memory_->taken();
  if (counted < taken) memory_->give_back(taken - counted);
  if (counted <= taken || memory_->take(counted - taken)) return;
  group_.admission->no_memory(peer_);
  close(Close::reset);
}

/// Where a client sends without waiting for an answer, what it writes next would be lost: it is never idle.
bool StreamConnection::may_be_idle() const {
  if (state_ != State::open || !may_read() || session_->waiting() || !outbox_.empty()) return false;
  return half_open_ || !spoken_ || session_->answers();
}

void StreamConnection::on_sweep(Worker::Clock::time_point now) {
  const std::chrono::nanoseconds timeout = group_.options.limits.idle_timeout;
  if (timeout.count() == 0 || !group_.admission) return;
  if (std::exchange(heard_, false) || !may_be_idle()) {
    quiet_since_ = now;
    return;
  }
  if (now - quiet_since_ < timeout) return;
  group_.admission->idle(peer_);
  close(session_->answers() ? Close::finish : Close::reset);
  after_call();
}

}  // namespace logboom::net
