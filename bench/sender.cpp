#include "sender.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace logboom::bench {
namespace {

constexpr std::int64_t late_ns = 1'000'000;
// Different bytes for successive messages of a connection where each is a write of its own.
constexpr std::size_t small_unit_ring = 16;

double seconds_since(std::int64_t start) { return static_cast<double>(now_ns() - start) * 1e-9; }

std::string ack_for(std::uint64_t chunk) {
  return std::string("\x81\xa3") + "ack" + static_cast<char>(0xa0 | chunk_id_bytes) + chunk_id(chunk);
}

}  // namespace

Sender::Sender(const SendPlan& plan, PayloadBuilder& builder) : plan_(plan), builder_(builder) {
  if (plan_.connections == 0 || plan_.events_per_write == 0) throw std::invalid_argument("nothing to send");
  connections_.resize(plan_.connections);
  build_payloads();
  connect_all();
}

void Sender::build_payloads() {
  const std::size_t piece = plan_.events_per_write;
  if (builder_.options().mode == Mode::gzip) {
    Unit plain = builder_.build(piece, 0);
    for (std::uint64_t at = 0; at < plan_.events; at += piece) {
      const std::size_t count = std::min<std::uint64_t>(piece, plan_.events - at);
      if (count != piece) plain = builder_.build(count, 0);
      builder_.stamp(plain, plan_.first_seq + at, 0);
      prebuilt_.push_back(builder_.compress(plain, plan_.first_seq + at, prebuilt_.size()));
    }
    return;
  }
  const std::uint64_t share = plan_.events / plan_.connections / piece + 1;
  const std::size_t ring = piece == 1 ? std::min<std::uint64_t>(small_unit_ring, share) : 1;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    for (std::size_t k = 0; k < ring; ++k) connections_[i].ring.push_back(builder_.build(piece, i));
  }
}

void Sender::connect_all() {
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) throw_errno("epoll_create1");
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    connections_[i].fd = connect_to(plan_.to, plan_.sndbuf);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = i;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connections_[i].fd.get(), &event) != 0) throw_errno("epoll_ctl");
  }
}

bool Sender::done() const { return next_event_ == plan_.events && pending_ == 0; }

bool Sender::due(std::int64_t now) const {
  if (plan_.rate <= 0) return true;
  return static_cast<double>(next_event_) <= static_cast<double>(now - start_ns_) * 1e-9 * plan_.rate;
}

void Sender::note_lag(std::size_t events) {
  const auto scheduled = start_ns_ + static_cast<std::int64_t>(static_cast<double>(next_event_) / plan_.rate * 1e9);
  const std::int64_t lag = now_ns() - scheduled;
  result_.max_lag_ms = std::max(result_.max_lag_ms, static_cast<double>(lag) * 1e-6);
  if (lag > late_ns) result_.late += events;
}

// False when there is nothing left to send.
bool Sender::load_next(Connection& connection) {
  if (next_event_ == plan_.events) return false;
  const std::uint64_t chunk = next_chunk_++;
  const std::size_t count = std::min<std::uint64_t>(plan_.events_per_write, plan_.events - next_event_);
  if (plan_.rate > 0) note_lag(count);
  if (!prebuilt_.empty()) {
    connection.out = prebuilt_[chunk];
  } else {
    Unit* unit = &connection.ring[connection.next_unit++ % connection.ring.size()];
    if (unit->events != count) {
      connection.tail = builder_.build(count, static_cast<std::size_t>(&connection - connections_.data()));
      unit = &connection.tail;
    }
    builder_.stamp(*unit, plan_.first_seq + next_event_, chunk);
    connection.out = unit->bytes;
  }
  if (builder_.options().ack) connection.expected_ack = ack_for(chunk);
  next_event_ += count;
  ++pending_;
  return true;
}

void Sender::lose(Connection& connection) {
  if (!connection.out.empty() || !connection.expected_ack.empty()) --pending_;
  if (!connection.writable) --unavailable_;
  connection.out = {};
  connection.expected_ack.clear();
  connection.fd.reset();
  connection.writable = false;
  ++result_.lost_connections;
}

// True when the whole piece was taken.
bool Sender::flush(Connection& connection) {
  while (!connection.out.empty()) {
    const ssize_t sent = send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        connection.writable = false;
        ++unavailable_;
        ++result_.blocked;
      } else {
        lose(connection);
      }
      return false;
    }
    ++result_.writes;
    result_.bytes += static_cast<std::uint64_t>(sent);
    connection.out.remove_prefix(static_cast<std::size_t>(sent));
  }
  if (connection.expected_ack.empty()) --pending_;
  return true;
}

void Sender::read_acks(Connection& connection) {
  connection.has_input = false;
  std::array<char, 4096> buffer;
  while (connection.fd) {
    const ssize_t got = recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) return lose(connection);
    connection.received.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const std::size_t length = connection.expected_ack.size();
  if (length == 0) {
    if (!connection.received.empty()) ++result_.bad_acks;
    connection.received.clear();
  } else if (connection.received.size() >= length) {
    const bool good = connection.received == connection.expected_ack && connection.out.empty();
    ++(good ? result_.acks : result_.bad_acks);
    if (!good) return lose(connection);
    connection.received.clear();
    connection.expected_ack.clear();
    --pending_;
  }
}

// One piece further. False when the connection can do nothing now.
bool Sender::advance(Connection& connection) {
  if (connection.has_input) read_acks(connection);
  if (!connection.writable || !connection.fd) return false;
  if (!connection.out.empty()) return flush(connection);
  if (!connection.expected_ack.empty()) return false;
  if (!due(plan_.rate > 0 ? now_ns() : 0) || !load_next(connection)) return false;
  return flush(connection);
}

void Sender::wait_events(int timeout_ms) {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Connection& connection = connections_[event.data.u64];
    if ((event.events & EPOLLOUT) != 0 && !connection.writable && connection.fd) {
      connection.writable = true;
      --unavailable_;
    }
    if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.has_input = true;
  }
}

// Every connection once, starting after the last one served.
void Sender::send_pass() {
  bool progress = false;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (plan_.rate > 0 && pending_ == 0 && !due(now_ns())) break;
    progress |= advance(connections_[cursor_]);
    if (++cursor_ == connections_.size()) cursor_ = 0;
  }
  if (plan_.rate > 0 && next_event_ < plan_.events && pending_ == 0) {
    const std::int64_t now = now_ns();
    if (!due(now)) sleep_until_ns(start_ns_ + ((now - start_ns_) / plan_.step_ns + 1) * plan_.step_ns);
    return;
  }
  if (!progress) {
    wait_events(plan_.rate > 0 && next_event_ < plan_.events ? 1 : 50);
  } else if (unavailable_ > 0 || builder_.options().ack) {
    wait_events(0);
  }
}

SendResult Sender::run() {
  wait_events(0);
  start_ns_ = now_ns();
  start_cpu_ = cpu_seconds();
  while (!done() && seconds_since(start_ns_) < plan_.max_seconds) {
    if (result_.lost_connections == connections_.size()) break;
    send_pass();
  }
  result_.complete = done() && result_.lost_connections == 0;
  result_.events = next_event_;
  result_.send_seconds = result_.seconds = seconds_since(start_ns_);
  result_.cpu_seconds = cpu_seconds() - start_cpu_;
  return result_;
}

void Sender::drain() {
  for (Connection& connection : connections_) {
    if (connection.fd) shutdown(connection.fd.get(), SHUT_WR);
  }
  const std::int64_t start = now_ns();
  while (result_.drained + result_.lost_connections < connections_.size()) {
    if (seconds_since(start) >= plan_.drain_seconds) break;
    wait_events(10);
    for (Connection& connection : connections_) {
      if (!connection.fd || !connection.has_input) continue;
      connection.has_input = false;
      char ignored[256];
      ssize_t got = 0;
      while ((got = recv(connection.fd.get(), ignored, sizeof ignored, 0)) > 0) {
      }
      if (got < 0 && errno == EAGAIN) continue;
      connection.fd.reset();
      ++result_.drained;
    }
  }
  result_.seconds = seconds_since(start_ns_);
  result_.cpu_seconds = cpu_seconds() - start_cpu_;
}

}  // namespace logboom::bench
