#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <logboom/extract.hpp>
#include <logboom/limits.hpp>
#include <logboom/params.hpp>
#include <logboom/transport.hpp>

namespace logboom::in_tcp {

struct ClientOptions {
  std::string host;
  std::string network;

  static void describe(Describe<ClientOptions>& d) {
    d.param("host", &ClientOptions::host, "An address, or a name that is looked up at the start.");
    d.param("network", &ClientOptions::network, "A network, such as 192.0.2.0/24 or 2001:db8::/32.");
  }
};

struct SecurityOptions {
  std::vector<ClientOptions> clients;

  static void describe(Describe<SecurityOptions>& d) {
    d.section("client", &SecurityOptions::clients, "Who may connect; several may be given.");
  }
};

struct Options {
  std::string tag;
  std::uint16_t port = 5170;
  std::string bind = "0.0.0.0";
  std::string delimiter = "\n";
  ByteSize message_length_limit{std::uint64_t{64} << 20};
  std::string source_hostname_key;
  std::string source_address_key;
  bool send_keepalive_packet = false;
  bool emit_unmatched_lines = false;
  std::optional<SecurityOptions> security;
  TransportOptions transport;
  LimitOptions limits;
  PluginSection parse;
  std::optional<ExtractOptions> extract;

  static void describe(Describe<Options>& d) {
    d.param("tag", &Options::tag, "The tag of the events.").required();
    d.param("port", &Options::port, "TCP port to listen on; 0 takes a free one.");
    d.param("bind", &Options::bind, "Address to listen on.");
    d.param("delimiter", &Options::delimiter, "What ends a message.");
    d.param("message_length_limit", &Options::message_length_limit,
            "A longer message is dropped and counted; what follows it is read as usual.");
    d.param("source_hostname_key", &Options::source_hostname_key,
            "Field that the sender's host name is written into; it is looked up once a connection.")
        .alias("source_host_key");
    d.param("source_address_key", &Options::source_address_key, "Field that the sender's address is written into.");
    d.param("send_keepalive_packet", &Options::send_keepalive_packet, "Use TCP keepalive on connections.");
    d.param("emit_unmatched_lines", &Options::emit_unmatched_lines,
            "A message that does not match becomes an event with the field unmatched_line; otherwise it is counted as "
            "dropped.");
    d.section("security", &Options::security, "Restricts who may connect.");
    d.section("transport", &Options::transport, transport_doc);
    d.section("limits", &Options::limits, limits_doc);
    d.plugin("parse", &Options::parse, PluginKind::parser, "What a message is.");
    d.section("extract", &Options::extract, extract_doc);
  }
};

}  // namespace logboom::in_tcp
