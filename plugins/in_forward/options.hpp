#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <logboom/limits.hpp>
#include <logboom/params.hpp>
#include <logboom/receipt.hpp>
#include <logboom/transport.hpp>

#include "security.hpp"

namespace logboom::in_forward {

/// The parameters of `@type forward`: Fluentd's, with `unix_path` and `unix_permission` added.
struct Options {
  std::uint16_t port = 24224;
  std::string bind = "0.0.0.0";
  std::string unix_path;
  std::optional<FileMode> unix_permission;
  int backlog = 0;
  std::int64_t linger_timeout = 0;
  std::string tag;
  std::string add_tag_prefix;
  std::string source_address_key;
  std::string source_hostname_key;
  std::optional<bool> resolve_hostname;
  bool deny_keepalive = false;
  bool send_keepalive_packet = false;
  bool skip_invalid_event = true;
  ByteSize chunk_size_limit{std::uint64_t{64} << 20};
  std::optional<ByteSize> chunk_size_warn_limit;
  ByteSize decompression_size_limit{std::uint64_t{256} << 20};
  AckLevel ack = AckLevel::by_output;
  std::optional<SecurityOptions> security;
  TransportOptions transport;
  LimitOptions limits;

  static void describe(Describe<Options>& d) {
    d.param("port", &Options::port, "TCP port to listen on, and UDP port for heartbeats; 0 takes a free one.");
    d.param("bind", &Options::bind, "Address to listen on.");
    d.param("unix_path", &Options::unix_path,
            "Listen on this unix socket, the target of `fluentd-address=unix:///PATH`; on a port too only if `port` or "
            "`bind` is given. With `@type unix`: /var/run/fluent/fluent.sock where nothing is said.")
        .alias("path");
    d.param("unix_permission", &Options::unix_permission, "Permission bits of the unix socket.");
    d.param("backlog", &Options::backlog, "Connections that may wait to be accepted; 0 is the system's largest.")
        .range(0, 65535);
    d.param("linger_timeout", &Options::linger_timeout,
            "0: a connection whose client expects no answers is closed with a reset, so that the client notices and "
            "sends again "
            "what it was writing. Any other value: it is closed with FIN.");
    d.param("tag", &Options::tag, "Replaces the tag of every event.");
    d.param("add_tag_prefix", &Options::add_tag_prefix, "Put before each tag, with a dot between.");
    d.param("source_address_key", &Options::source_address_key, "Field that the sender's address is written into.");
    d.param("source_hostname_key", &Options::source_hostname_key, "Field that the sender's host name is written into.");
    d.param("resolve_hostname", &Options::resolve_hostname,
            "Look up the sender's host name; said or not, it is done where `source_hostname_key` is used.");
    d.param("deny_keepalive", &Options::deny_keepalive, "Close a connection after its first message.");
    d.param("send_keepalive_packet", &Options::send_keepalive_packet, "Use TCP keepalive on connections.");
    d.param("skip_invalid_event", &Options::skip_invalid_event,
            "Accepted for Fluentd's sake: an event without a valid time or record is always left out, counted and "
            "answered; "
            "the rest of its message is kept.");
    d.param("chunk_size_limit", &Options::chunk_size_limit,
            "A larger message is not kept: it is counted as dropped, answered if it asked for that, and the connection "
            "goes on.");
    d.param("chunk_size_warn_limit", &Options::chunk_size_warn_limit, "A larger message is worth a warning.");
    d.param("decompression_size_limit", &Options::decompression_size_limit, "What one compressed message may become.");
    d.choice("ack", &Options::ack,
             {{"memory", AckLevel::memory}, {"disk", AckLevel::disk}, {"delivered", AckLevel::delivered}},
             "When a message that asks for it is acked: when its events are in the buffers of all their outputs, on "
             "disk (fdatasync), or written by the outputs, for which they are flushed at once. Where nothing is said "
             "each buffer holds them in its own way: a file buffer on disk, one in memory in memory, and an output "
             "without a buffer has written them.");
    d.section("security", &Options::security,
              "Clients must know a key, and perhaps a password, before they may send anything.");
    d.section("transport", &Options::transport, transport_doc);
    d.section("limits", &Options::limits, limits_doc);
  }
};

}  // namespace logboom::in_forward
