#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/out_buffer.hpp>
#include <logboom/params.hpp>
#include <logboom/tls_client.hpp>

namespace logboom::out_gelf {

enum class Protocol : std::uint8_t { udp, tcp };

struct Options {
  std::string host;
  std::uint16_t port = 12201;
  Protocol protocol = Protocol::udp;
  TlsClientOptions transport;
  std::string hostname;
  std::string hostname_key = "host";
  std::string message_key = "short_message";
  std::string level_key = "level";
  std::string tag_key = "tag";
  bool compress = true;
  std::uint32_t packet_size = 1420;
  std::chrono::nanoseconds connect_timeout{std::chrono::seconds(5)};
  std::chrono::nanoseconds timeout{std::chrono::seconds(30)};

  static void describe(Describe<Options>& d);
};

/// Appends the event as one JSON object of GELF 1.1.
/// Format: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
void append_gelf(const Options& options, std::string_view hostname, std::string_view tag, const Event& event,
                 OutBuffer& out);

/// The datagrams of a message: itself, or chunks of it; none where it would need more than 128.
std::vector<std::string> gelf_datagrams(std::string_view message, std::size_t packet_size, std::uint64_t id);

}  // namespace logboom::out_gelf
