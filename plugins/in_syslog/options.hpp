#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <logboom/limits.hpp>
#include <logboom/params.hpp>
#include <logboom/syslog.hpp>
#include <logboom/transport.hpp>

#include "framer.hpp"

namespace logboom::in_syslog {

enum class Protocol : std::uint8_t { none, udp, tcp };

struct Options {
  std::string tag;
  std::uint16_t port = 5140;
  std::string bind = "0.0.0.0";
  Protocol protocol_type = Protocol::none;
  TransportOptions transport;
  LimitOptions limits;
  std::vector<std::string> listen;
  FileMode socket_mode{0666};
  std::vector<std::string> allowed_senders;
  std::chrono::nanoseconds allowed_senders_refresh{std::chrono::minutes(1)};
  FrameType frame_type = FrameType::automatic;
  std::string delimiter = "\n";
  std::optional<ByteSize> message_length_limit;
  std::optional<ByteSize> receive_buffer_size;
  bool send_keepalive_packet = false;
  bool emit_unmatched_lines = false;
  std::optional<bool> lenient;
  SyslogHost hostname = SyslogHost::guess;
  bool receive_time = false;
  std::string timezone;
  std::string severity_key;
  std::string facility_key;
  std::string source_hostname_key;
  std::string source_address_key;
  std::optional<bool> resolve_hostname;
  bool include_source_host = false;
  std::string source_host_key = "source_host";
  std::string tag_format;
  bool join_split_lines = false;
  std::chrono::nanoseconds join_timeout{std::chrono::seconds(5)};
  std::chrono::nanoseconds blocking_timeout{std::chrono::milliseconds(500)};
  PluginSection parse{"syslog", nullptr};

  static void describe(Describe<Options>& d);
};

}  // namespace logboom::in_syslog
