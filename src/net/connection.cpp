#include "net/connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/hand_over.hpp"
#include "net/tls_failure.hpp"

namespace logboom::net {

namespace {

constexpr std::size_t small_limit = 64 * 1024;
constexpr std::size_t outbox_high = 256 * 1024;
constexpr std::size_t outbox_low = 64 * 1024;
constexpr int drain_reads = 64;

bool is_socket(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

StreamConnection::StreamConnection(Worker& worker, std::shared_ptr<StreamGroup> group, int fd, PeerName peer,
                                   std::uint64_t id, std::shared_ptr<TlsStream> tls)
    : worker_(worker),
      keep_group_(std::move(group)),
      group_(*keep_group_),
      emitter_(group_.emitter(worker)),
      fd_(fd),
      is_socket_(!group_.adopted || is_socket(fd)),
      looked_(!group_.failures),
      tls_(std::move(tls)),
      peer_(std::move(peer)),
      id_(id) {
  if (group_.memory != nullptr) memory_.emplace(*group_.memory);
  group_.accepted.add();
  group_.open.add(1);
}

StreamConnection::~StreamConnection() {
  emitter_->forget(*this);
  if (fd_ >= 0) ::close(fd_);
  // Whoever sees that it is gone may count on its place.
  peer_.admission.reset();
  group_.open.add(-1);
}

void StreamConnection::open() {
  in_call_ = true;
  session_ = group_.sessions(*this);
  if (inherited_) {
    session_->take_over(inherited_->state);
  } else {
    session_->on_open();
  }
  in_call_ = false;
  if (std::exchange(inherited_, nullptr)) consume_kept();
  after_call();
}

std::size_t StreamConnection::on_ready(std::uint32_t events) {
  if (state_ == State::dead) return 0;
  read_on_ = false;
  if ((events & EPOLLOUT) != 0) flush_outbox();
  std::size_t bytes = 0;
  const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 || (tls_ && tls_->wants_write());
  if (readable && may_read()) bytes = read_once();
  after_call();
  return bytes;
}

bool StreamConnection::may_read() const noexcept {
  return state_ == State::open && !held_ && !choked_ && !close_wanted_ && !peer_done_ && (!frozen_ || pausing_);
}

std::ptrdiff_t StreamConnection::receive(std::uint8_t* data, std::size_t size) {
  if (tls_) return tls_->read(data, size);
  return is_socket_ ? ::recv(fd_, data, size, 0) : ::read(fd_, data, size);
}

std::ptrdiff_t StreamConnection::transmit(const char* data, std::size_t size) {
  return tls_ ? tls_->write(data, size) : ::send(fd_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// A client that begins with TLS where nobody speaks it would wait for an answer for ever.
bool StreamConnection::refuse_tls(const std::uint8_t* data, std::size_t size) {
  looked_ = true;
  if (!is_client_hello(data, size)) return false;
  group_.failures->note(tls_on_plaintext_failure(), peer_.full);
  close(Close::reset);
  return true;
}

std::size_t StreamConnection::read_once() {
  group_.reads.add();
  const std::size_t bytes = large_ ? read_large() : read_small();
  if (bytes == 0) return 0;
  heard_ = spoken_ = true;
  group_.bytes.add(bytes);
  weigh();
  return bytes;
}

std::size_t StreamConnection::read_small() {
  Worker::Region region = worker_.region(small_size_);
  const std::ptrdiff_t got = receive(region.data + small_size_, region.size);
  if (got <= 0) {
    on_no_bytes(got);
    return 0;
  }
  const auto bytes = static_cast<std::size_t>(got);
  if (small_size_ != 0) std::memcpy(region.data, small_.get(), small_size_);
  if (!looked_ && refuse_tls(region.data, small_size_ + bytes)) return bytes;
  const std::size_t size = std::exchange(small_size_, 0) + bytes;
  worker_.use_region(size);
  const std::size_t used = consume(region.slab, region.data, size);
  if (used == size) {
    small_.reset();
  } else {
    keep(region.data + used, size - used);
  }
  return bytes;
}

std::size_t StreamConnection::read_large() {
  const std::size_t kept = large_end_ - large_begin_;
  if (large_->capacity() - large_end_ < kept / 2) {
    SlabPtr larger(Slab::make(kept * 2 + small_limit));
    std::memcpy(larger->data(), large_->data() + large_begin_, kept);
    large_ = std::move(larger);
    large_begin_ = 0;
    large_end_ = kept;
  }
  const std::size_t room = large_->capacity() - large_end_;
  const std::ptrdiff_t got = receive(large_->data() + large_end_, std::min(room, worker_.turn_bytes()));
  if (got <= 0) {
    on_no_bytes(got);
    return 0;
  }
  large_end_ += static_cast<std::size_t>(got);
  const std::size_t size = large_end_ - large_begin_;
  const std::size_t used = consume(large_, large_->data() + large_begin_, size);
  large_begin_ += used;
  if (size - used <= std::max(small_limit, large_->capacity() / 4)) {
    const SlabPtr slab = std::exchange(large_, SlabPtr());
    keep(slab->data() + large_begin_, size - used);
  }
  return static_cast<std::size_t>(got);
}

/// A peer that only shut its sending side may still wait for answers: they go out before the connection ends.
void StreamConnection::on_no_bytes(std::ptrdiff_t result) {
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (result == 0) {
    peer_done_ = true;
    return;
  }
  if (tls_ && tls_->error() != 0) group_.tls->failures.note(established_failure(tls_->error()), peer_.full);
  end(End::peer_reset, Close::finish);
}

std::size_t StreamConnection::consume(const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
  in_call_ = true;
  const std::size_t used = session_->on_bytes(slab, data, size);
  if (pausing_) pausing_ = !session_->pause();
  in_call_ = false;
  return used;
}

void StreamConnection::keep(const std::uint8_t* data, std::size_t size) {
  if (size <= small_limit) {
    small_ = size == 0 ? nullptr : std::make_unique_for_overwrite<std::uint8_t[]>(size);
    if (size != 0) std::memcpy(small_.get(), data, size);
    small_size_ = static_cast<std::uint32_t>(size);
    return;
  }
  large_ = SlabPtr(Slab::make(size * 2 + small_limit));
  std::memcpy(large_->data(), data, size);
  large_begin_ = 0;
  large_end_ = size;
  small_.reset();
}

std::size_t StreamConnection::unconsumed() const noexcept { return large_ ? large_end_ - large_begin_ : small_size_; }

void StreamConnection::on_settled(std::uint64_t token, bool confirmed) {
  if (state_ == State::dead) return;
  in_call_ = true;
  session_->on_receipt(token, confirmed);
  in_call_ = false;
  after_call();
}

void StreamConnection::on_timer() {
  if (state_ == State::dead) return;
  if (state_ == State::open) {
    in_call_ = true;
    session_->on_timer();
    in_call_ = false;
  }
  after_call();
}

void StreamConnection::set_timer(std::chrono::microseconds after) {
  worker_.set_timer(id_, Worker::Clock::now() + after);
}

void StreamConnection::send(std::string_view bytes) {
  if (state_ != State::open) return;
  if (outbox_.empty()) {
    const std::ptrdiff_t sent = transmit(bytes.data(), bytes.size());
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (bytes.empty()) return;
  }
  outbox_.append(bytes);
  if (outbox_.size() > outbox_high) choked_ = true;
}

void StreamConnection::flush_outbox() {
  while (!outbox_.empty()) {
    const std::ptrdiff_t sent = transmit(outbox_.data(), outbox_.size());
    if (sent <= 0) {
      if (sent < 0 && errno != EAGAIN && errno != EINTR) end(End::peer_reset, Close::finish);
      break;
    }
    outbox_.erase(0, static_cast<std::size_t>(sent));
  }
  if (outbox_.size() <= outbox_low) choked_ = false;
}

void StreamConnection::prompt() {
  if (lane_ == Lanes::Lane::prompt) return;
  if (watched_) worker_.lanes().remove(fd_, lane_);
  watched_ = false;
  lane_ = Lanes::Lane::prompt;
}

void StreamConnection::close(Close how) {
  close_wanted_ = true;
  close_how_ = how;
}

void StreamConnection::hold() { held_ = true; }

void StreamConnection::go_on() {
  held_ = false;
  if (in_call_) return;
  if ((!frozen_ || pausing_) && std::exchange(kept_waits_, false)) consume_kept();
  if (shutting_down_) drain();
  after_call();
}

void StreamConnection::shut_down() {
  if (state_ == State::dead) return;
  shutting_down_ = true;
  drain();
  after_call();
}

/// Reads what has arrived, but not for ever what a fast sender goes on to send.
void StreamConnection::drain() {
  for (int i = 0; i < drain_reads && may_read(); ++i) {
    if (read_once() == 0) break;
  }
}

void StreamConnection::cut() {
  if (state_ != State::dead) end(End::shutdown, Close::reset);
}

void StreamConnection::failed(std::string_view why) {
  worker_.log().error(cat(peer_.full, ": ", why, "; the connection is reset"));
  cut();
}

/// What TLS has read ahead, no readiness of the socket will tell.
void StreamConnection::read_on() {
  if (std::exchange(read_on_, true)) return;
  worker_.read_again(id_);
}

void StreamConnection::update_interest() {
  const bool read = may_read() && !shutting_down_;
  const bool write = !outbox_.empty() || (tls_ && tls_->wants_write() && may_read());
  if (read && tls_ && tls_->has_more()) read_on();
  Lanes& lanes = worker_.lanes();
  if (!read && !write) {
    if (watched_) lanes.remove(fd_, lane_);
    watched_ = false;
    return;
  }
  if (watched_ && read == watching_read_ && write == watching_write_) return;
  if (watched_) {
    lanes.change(fd_, static_cast<Resident*>(this), lane_, read, write);
  } else {
    lanes.add(fd_, static_cast<Resident*>(this), lane_, read, write);
  }
  watched_ = true;
  watching_read_ = read;
  watching_write_ = write;
}

}  // namespace logboom::net
