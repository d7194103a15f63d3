#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <logboom/params.hpp>
#include <logboom/tls_client.hpp>

namespace logboom::out_syslog {

enum class Protocol : std::uint8_t { udp, tcp, relp, unix_stream, unix_datagram };
enum class Format : std::uint8_t { rfc3164, rfc5424 };
enum class Framing : std::uint8_t { newline, octet_count };

struct Options {
  std::string host;
  std::uint16_t port = 514;
  std::string path;
  Protocol protocol = Protocol::udp;
  TlsClientOptions transport;
  bool tls = false;  // this and the next five: as fluent-plugin-remote_syslog has them
  std::string ca_file;
  std::string client_cert;
  std::string client_cert_key;
  std::string client_cert_key_password;
  int verify_mode = 1;
  Format message_format = Format::rfc3164;
  Framing frame_type = Framing::newline;
  std::string facility = "user";
  std::string severity = "notice";
  std::string facility_key = "facility";
  std::string severity_key = "severity";
  std::string hostname;
  std::string hostname_key = "host";
  std::string program = "logboom";
  std::string program_key = "ident";
  std::string procid_key = "pid";
  std::string msgid_key = "msgid";
  std::string message_key = "message";
  std::string structured_data_key = "structured_data";
  std::string structured_data_id;
  std::vector<std::string> structured_data_fields;
  std::string timezone;
  ByteSize packet_size{0};
  std::string cut_mark = "...[cut]";
  std::chrono::nanoseconds connect_timeout{std::chrono::seconds(5)};
  std::chrono::nanoseconds timeout{std::chrono::seconds(30)};
  PluginSection format;

  static void describe(Describe<Options>& d);
};

/// TLS as <transport tls> or the older parameters say; null: plaintext. Throws ConfigError.
std::shared_ptr<TlsClient> make_tls(const Options& options, const Element& element, Log& log);

}  // namespace logboom::out_syslog
