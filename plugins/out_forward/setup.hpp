#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <logboom/log.hpp>
#include <logboom/metrics.hpp>
#include <logboom/socket_client.hpp>

#include "settings.hpp"

namespace logboom::out_forward {

enum class HeartbeatType : std::uint8_t { transport, tcp, udp, none };

/// What all servers of one output share. Not changed once it is made.
struct Setup {
  std::string id;  // the output's, for the log
  Log* log = nullptr;
  HeartbeatType heartbeat = HeartbeatType::transport;
  std::chrono::nanoseconds heartbeat_interval{std::chrono::seconds(1)};
  std::chrono::nanoseconds hard_timeout{std::chrono::seconds(60)};
  std::chrono::nanoseconds recover_wait{std::chrono::seconds(10)};
  double phi_threshold = 16;
  bool phi = true;
  std::optional<std::chrono::nanoseconds> expire_dns;
  bool dns_round_robin = false;
  bool keepalive = false;
  std::optional<std::chrono::nanoseconds> keepalive_timeout;
  SocketClient::Limits limits;
  SocketClient::Limits heartbeat_limits;
};

/// What one server did. Outlives it, as a metric's value does.
struct ServerCounts {
  Counter events;
  Counter failures;
  Gauge up;
};

}  // namespace logboom::out_forward
