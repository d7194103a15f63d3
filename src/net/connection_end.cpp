#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "net/connection.hpp"
#include "net/tcp_progress.hpp"

// How a connection ends: not before its answers have arrived, as far as anybody can tell.
namespace logboom::net {

namespace {

constexpr std::chrono::milliseconds finish_poll{2};
constexpr std::chrono::seconds finish_patience{2};

}  // namespace

/// What every call into the session may have left to do. Called last in each entry point: it may bury the connection.
void StreamConnection::after_call() {
  if (state_ == State::dead) return;
  weigh();
  if (state_ == State::open && close_wanted_) {
    if (close_how_ == Close::reset) return end(End::closed_by_us, Close::reset);
    if (!session_->waiting()) start_to_finish();
  }
  if (state_ == State::open && (shutting_down_ || peer_done_) && !held_ && !session_->waiting()) {
    if (peer_done_ && outbox_.empty() && !told_late_) return end(End::peer_closed, Close::finish);
    if (!peer_done_ && !session_->answers() && group_.options.reset_on_close) return end(End::shutdown, Close::reset);
    start_to_finish();
  }
  if (state_ == State::finishing) check_finished();
  if (state_ != State::dead) update_interest();
}

void StreamConnection::start_to_finish() {
  state_ = State::finishing;
  finish_by_ = Worker::Clock::now() + finish_patience;
}

/// Everything that was sent must have reached the peer's side before the socket goes: bytes that it sent meanwhile and
/// we never read turn the close into a reset.
void StreamConnection::check_finished() {
  const bool over = Worker::Clock::now() >= finish_by_ || (told_late_ && tcp_progress(fd_).is_over);
  if (outbox_.empty() && !write_shut_) {
    if (tls_) tls_->say_goodbye();
    ::shutdown(fd_, SHUT_WR);
    write_shut_ = true;
  }
  int queued = 0;
  if (outbox_.empty() && ::ioctl(fd_, SIOCOUTQ, &queued) != 0) queued = 0;
  if (over || (outbox_.empty() && queued == 0)) {
    end(peer_done_ ? End::peer_closed : shutting_down_ ? End::shutdown : End::closed_by_us, Close::finish);
    return;
  }
  worker_.set_timer(id_, Worker::Clock::now() + finish_poll);
}

bool StreamConnection::peer_finished() {
  pollfd watch{fd_, POLLRDHUP, 0};
  if (!peer_done_ && ::poll(&watch, 1, 0) <= 0) return false;
  if (!std::exchange(told_late_, true)) confirmed_ = tcp_progress(fd_).confirmed;
  return true;
}

/// A system answers what comes for a socket that was closed with a reset, and confirms nothing.
bool StreamConnection::was_refused(End reason) const {
  if (!told_late_ || (reason != End::peer_closed && reason != End::peer_reset)) return false;
  const TcpProgress now = tcp_progress(fd_);
  return (reason == End::peer_reset || now.is_over) && now.confirmed == confirmed_;
}

void StreamConnection::end(End reason, Close how) {
  if (state_ == State::dead) return;
  if (was_refused(reason)) reason = End::refused;
  state_ = State::dead;
  const std::size_t left = unconsumed();
  if (watched_) worker_.lanes().remove(fd_, lane_);
  watched_ = false;
  if (how == Close::reset) {
    const linger no_wait{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &no_wait, sizeof no_wait);
  }
  ::close(std::exchange(fd_, -1));
  small_.reset();
  large_ = SlabPtr();
  memory_.reset();
  half_open_.reset();
  worker_.bury(*this);
  in_call_ = true;
  if (session_) session_->on_end(reason, left);
}

}  // namespace logboom::net
