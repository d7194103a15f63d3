#include "heartbeat.hpp"

#include <algorithm>

namespace logboom::out_forward {

namespace {

// A datagram and its answer need no longer, or count as lost.
constexpr std::chrono::milliseconds longest_answer{1000};
// A server that wants a handshake begins it at once.
constexpr std::chrono::milliseconds time_for_words{50};

}  // namespace

void Heartbeat::start() {
  done_ = false;
  thread_ = std::thread([this] {
    run();
    done_ = true;
  });
}

void Heartbeat::interrupt() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  ending_.notify_all();
}

void Heartbeat::stop() {
  interrupt();
  if (thread_.joinable()) thread_.join();
}

/// False at the end.
bool Heartbeat::wait() {
  std::unique_lock lock(mutex_);
  return !ending_.wait_for(lock, server_->setup().heartbeat_interval, [this] { return ended_; });
}

void Heartbeat::run() {
  std::string unknown;
  Resolver& resolver = server_->resolver();
  if (resolver.addresses(unknown).empty() && !resolver.is_interrupted()) server_->failed(unknown);
  while (wait()) {
    const std::string why = beat();
    why.empty() ? server_->heartbeat_came() : server_->heartbeat_failed(why);
    server_->look();
  }
}

std::string Heartbeat::beat() {
  return server_->setup().heartbeat == HeartbeatType::udp ? beat_udp() : beat_by_connection();
}

std::string Heartbeat::beat_udp() {
  const ServerSettings& settings = server_->settings();
  std::string why;
  const std::vector<std::string> addresses = server_->resolver().addresses(why);
  if (addresses.empty()) return why;
  const auto limit = std::min(longest_answer, milliseconds(server_->setup().heartbeat_interval));
  SocketClient client({SocketClient::Address::Kind::udp, addresses.front(), settings.port}, {limit, limit});
  why = client.connect();
  if (why.empty()) why = client.send(std::string_view("\0", 1));
  std::string answer;
  if (why.empty()) why = client.receive(answer, limit);
  return why;
}

/// Made, with all that belongs to it, and closed: nothing is sent that is no event.
std::string Heartbeat::beat_by_connection() {
  std::string why;
  if (server_->is_busy()) return why;
  const Server::Held held = server_->probe(why);
  if (!held.connection) return why;
  why = held.connection->listen(time_for_words);
  if (why.empty()) {
    held.connection->finish();
  } else {
    server_->failed(why);
  }
  return why;
}

}  // namespace logboom::out_forward
