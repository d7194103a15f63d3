#include "net/tls_handshake.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "net/admission.hpp"

namespace logboom::net {

namespace {

// How long a refused client may take to read why.
constexpr std::chrono::seconds leave_patience{1};

}  // namespace

TlsHandshake::TlsHandshake(Worker& worker, std::shared_ptr<StreamGroup> group, int fd, PeerName peer, std::uint64_t id)
    : worker_(worker),
      group_(std::move(group)),
      emitter_(group_->emitter(worker)),
      fd_(fd),
      peer_(std::move(peer)),
      id_(id) {
  group_->tls->shaking.add(1);
}

TlsHandshake::~TlsHandshake() {
  if (fd_ >= 0) ::close(fd_);
  group_->tls->shaking.add(-1);
}

void TlsHandshake::open() {
  stream_ = std::make_shared<TlsStream>(group_->tls->server->context(), fd_, TlsStream::Side::server);
  worker_.set_timer(id_, Worker::Clock::now() + group_->tls->server->options().handshake_timeout);
  watch(false);
  half_open_ = group_->admission->half_open(worker_, id_, peer_);
}

std::size_t TlsHandshake::on_ready(std::uint32_t) {
  if (state_ == State::first_bytes && begins_with_tls()) state_ = State::shaking;
  if (state_ == State::shaking) {
    step();
  } else if (state_ == State::leaving) {
    leave();
  }
  return 0;
}

/// False also while there is nothing to see yet.
bool TlsHandshake::begins_with_tls() {
  constexpr std::uint8_t handshake = 0x16;
  std::uint8_t first = 0;
  const ssize_t got = ::recv(fd_, &first, 1, MSG_PEEK);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) {
    // A port scan or a health check, which is nobody's mistake.
    cut();
    return false;
  }
  if (first == handshake) return true;
  refuse(plaintext_failure());
  return false;
}

void TlsHandshake::step() {
  switch (stream_->shake_hands()) {
    case TlsStream::Step::done: return become_connection();
    case TlsStream::Step::wants_read: return watch(false);
    case TlsStream::Step::wants_write: return watch(true);
    case TlsStream::Step::failed: return refuse(failure_of(*stream_));
  }
}

void TlsHandshake::become_connection() {
  TlsGroup& tls = *group_->tls;
  tls.handshakes.add();
  if (stream_->resumed()) tls.resumed.add();
  worker_.lanes().remove(fd_, Lanes::Lane::prompt);
  watched_ = false;
  state_ = State::over;
  half_open_.reset();
  const auto owner = group_->owner ? group_->owner() : nullptr;
  worker_.adopt([group = group_, owner, fd = std::exchange(fd_, -1), peer = std::move(peer_),
                 stream = std::move(stream_)](Worker& worker) {
    return std::make_unique<StreamConnection>(worker, group, fd, peer, Worker::next_id(), stream);
  });
  worker_.bury(*this);
}

/// What OpenSSL has to say of it, it has sent. A client that has sent more than was read would only see a reset.
void TlsHandshake::refuse(const TlsFailure& failure) {
  group_->tls->failures.note(failure, peer_.full);
  if (state_ == State::first_bytes) return reset();
  state_ = State::leaving;
  ::shutdown(fd_, SHUT_WR);
  worker_.set_timer(id_, Worker::Clock::now() + leave_patience);
  watch(false);
  leave();
}

void TlsHandshake::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  cut();
}

void TlsHandshake::evict() {
  if (state_ != State::over) reset();
}

void TlsHandshake::leave() {
  std::array<std::uint8_t, 4096> ignored;
  const ssize_t got = ::recv(fd_, ignored.data(), ignored.size(), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) cut();
}

void TlsHandshake::on_timer() {
  if (state_ == State::first_bytes || state_ == State::shaking)
    group_->tls->failures.note(timeout_failure(), peer_.full);
  cut();
}

void TlsHandshake::cut() {
  if (std::exchange(state_, State::over) == State::over) return;
  if (watched_) worker_.lanes().remove(fd_, Lanes::Lane::prompt);
  watched_ = false;
  half_open_.reset();
  ::close(std::exchange(fd_, -1));
  worker_.bury(*this);
}

void TlsHandshake::failed(std::string_view why) {
  worker_.log().error(cat(peer_.full, ": ", why, "; the connection is closed"));
  cut();
}

void TlsHandshake::watch(bool write) {
  if (watched_ && write == watching_write_) return;
  Lanes& lanes = worker_.lanes();
  if (watched_) {
    lanes.change(fd_, static_cast<Resident*>(this), Lanes::Lane::prompt, !write, write);
  } else {
    lanes.add(fd_, static_cast<Resident*>(this), Lanes::Lane::prompt, !write, write);
  }
  watched_ = true;
  watching_write_ = write;
}

}  // namespace logboom::net
