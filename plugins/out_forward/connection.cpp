#include "connection.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include <logboom/log.hpp>

namespace logboom::out_forward {

namespace {

constexpr std::chrono::microseconds shortest_look{100};
constexpr std::chrono::microseconds longest_look{5000};
constexpr std::chrono::milliseconds shortest_objection{100};
constexpr std::chrono::milliseconds longest_objection{200};

}  // namespace

Connection::Connection(SocketClient::Address address, SocketClient::Limits limits, std::shared_ptr<TlsClient> tls,
                       std::shared_ptr<const forward::ClientSecurity> security, bool tcp_keepalive)
    : client_(std::move(address), limits, tls),
      security_(std::move(security)),
      tls_(tls != nullptr),
      tcp_keepalive_(tcp_keepalive) {}

std::string Connection::fail(std::string_view why) {
  client_.close();
  descriptor_ = -1;
  return cat(address().to_string(), ": ", why);
}

std::string Connection::open() {
  if (std::string why = client_.connect(); !why.empty()) return why;
  if (security_) {
    if (std::string why = shake_hands(); !why.empty()) return why;
  }
  const int on = 1;
  if (tcp_keepalive_) ::setsockopt(client_.descriptor(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  descriptor_ = client_.descriptor();
  return {};
}

/// Of a connection that ended before the server has taken anything.
std::string Connection::explain(std::string why) const {
  if (why.empty() || proved_ || security_) return why;
  return cat(why, "; where it does so each time: ", tls_ ? "" : "does its port speak TLS, or ",
             tls_ ? "does it want a <security>?" : "want a <security>?");
}

std::string Connection::shake_hands() {
  using Is = forward::HandshakeClient::Step::Is;
  const std::string_view no_helo = tls_ ? "; no HELO came: has the server a <security>?"
                                        : "; no HELO came: has the server a <security>, or does its port speak TLS?";
  bool greeted = false;
  forward::HandshakeClient handshake(*security_);
  const auto deadline = Clock::now() + client_.limits().connect;
  for (std::string received;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return fail(cat("the handshake takes too long", greeted ? "" : no_helo));
    if (std::string why = client_.receive(received, left); !why.empty()) {
      return cat("handshake: ", why, greeted ? "" : no_helo);
    }
    greeted = true;
    const forward::HandshakeClient::Step step = handshake.advance(received);
    received.erase(0, step.used);
    if (!step.answer.empty()) {
      if (std::string why = client_.send(step.answer); !why.empty()) return cat("handshake: ", why);
    }
    if (step.is == Is::failed) return fail(cat("handshake: ", step.why));
    if (step.is == Is::needs_more) continue;
    if (!handshake.keepalive()) give_up();
    proved_ = true;
    return received.empty() ? std::string() : fail("it says something before it is asked");
  }
}

std::string Connection::send(const Message& message) {
  used = Clock::now();
  return explain(client_.send(message.parts));
}

std::string Connection::settle_down() {
  std::chrono::microseconds look = shortest_look;
  int left = 0;
  int queued = 0;
  auto progress = Clock::now();
  while (::ioctl(client_.descriptor(), SIOCOUTQ, &queued) == 0 && queued > 0) {
    if (queued != left) progress = Clock::now();
    left = queued;
    if (std::string why = look_for_words(); !why.empty()) return why;
    if (!is_open() || client_.is_interrupted() || Clock::now() - progress > client_.limits().transfer) {
      return fail("it has not taken all that was sent");
    }
    std::this_thread::sleep_for(look);
    look = std::min(look * 2, longest_look);
  }
  return look_for_words();
}

/// A system that has closed in order has read all that was sent: Linux resets a connection otherwise.
bool Connection::has_peer_finished() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(client_.descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         info.tcpi_state == TCP_CLOSE_WAIT;
}

std::string Connection::look_for_words() {
  const bool finished = has_peer_finished();
  std::string bytes;
  std::string end = client_.receive_available(bytes);
  if (std::string why = read_words(bytes); !why.empty()) return why;
  if (!end.empty()) descriptor_ = -1;
  return finished ? std::string() : explain(end);
}

std::string Connection::read_words(const std::string& bytes) {
  std::vector<std::string> ids;
  if (bytes.empty()) return {};
  const std::string why = answers_.feed(bytes, ids);
  return why.empty() ? why : fail(why);
}

std::string Connection::listen(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (is_open() && !client_.is_interrupted()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd watch{client_.descriptor(), POLLIN, 0};
    if (left.count() <= 0) break;
    if (!client_.has_more() && ::poll(&watch, 1, static_cast<int>(left.count())) == 0) break;
    if (std::string why = look_for_words(); !why.empty()) return why;
  }
  return {};
}

std::chrono::milliseconds Connection::time_to_object() const {
  constexpr int round_trips = 8;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(client_.descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return longest_objection;
  const std::chrono::microseconds time(std::uint64_t{info.tcpi_rtt} * round_trips);
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(time), shortest_objection, longest_objection);
}

Connection::Parting Connection::part(std::chrono::milliseconds time) {
  Parting parting;
  std::string said;
  parting.end = client_.await_end(said, time, parting.why);
  descriptor_ = -1;
  parting.why = explain(parting.why);
  parting.words = read_words(said);
  return parting;
}

void Connection::expect(const std::vector<Message>& messages, const std::shared_ptr<PendingPortion>& portion,
                        Clock::time_point deadline) {
  for (const Message& message : messages) waiting_[message.id] = {portion, deadline};
}

Connection::News Connection::take_answers(Clock::time_point now) {
  News news;
  if (!is_open()) return news;
  std::string bytes;
  std::vector<std::string> ids;
  std::string end = client_.receive_available(bytes);
  std::string wrong = answers_.feed(bytes, ids);
  for (const std::string& id : ids) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) {
      wrong = "it acks what was not sent";
      break;
    }
    if (found->second.portion->answered()) news.acked += found->second.portion->chunk->events;
    waiting_.erase(found);
  }
  proved_ = proved_ || !ids.empty();
  const std::uint64_t acked = news.acked;
  const bool overdue = wrong.empty() && end.empty() && this->overdue() <= now;
  if (!wrong.empty()) {
    news = close(cat(address().to_string(), ": ", wrong));
    news.to_blame = true;
  } else if (!end.empty()) {
    news = close(explain(end));
    news.ended = true;
  } else if (overdue) {
    news = close(cat(address().to_string(), ": the ack does not come"));
  }
  news.acked = acked;
  news.more = is_open() && client_.has_more();
  return news;
}

Connection::News Connection::close(const std::string& why) {
  News news;
  client_.close();
  descriptor_ = -1;
  news.why = why;
  news.to_blame = !waiting_.empty();
  for (const auto& [id, waiting] : waiting_) {
    waiting.portion->chunk->failed(cat("not acked: ", why));
    news.failed.push_back(waiting.portion->chunk->chunk_id);
  }
  waiting_.clear();
  return news;
}

void Connection::finish() {
  client_.finish();
  descriptor_ = -1;
}

Connection::Clock::time_point Connection::overdue() const {
  auto next = Clock::time_point::max();
  for (const auto& [id, waiting] : waiting_) next = std::min(next, waiting.deadline);
  return next;
}

}  // namespace logboom::out_forward
