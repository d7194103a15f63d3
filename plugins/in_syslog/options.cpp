#include "options.hpp"

namespace logboom::in_syslog {

namespace {

void describe_where(Describe<Options>& d) {
  d.param("port", &Options::port, "Port to listen on; 0 takes a free one.");
  d.param("bind", &Options::bind, "Address to listen on.");
  d.choice("protocol_type", &Options::protocol_type,
           {{"", Protocol::none}, {"udp", Protocol::udp}, {"tcp", Protocol::tcp}},
           "The old way of saying <transport>.");
  d.section(
      "transport", &Options::transport,
      "<transport udp>, which is the default, <transport tcp>, or <transport tls>; the parameters are those of TLS.");
  d.section("limits", &Options::limits, limits_doc);
  d.param("listen", &Options::listen,
          "Where to listen, instead of port and bind; one or several of tcp://ADDRESS:PORT, udp://ADDRESS:PORT, "
          "tcp+tls://ADDRESS:PORT, unix:///PATH and unixgram:///PATH, as Docker's syslog-address has them, and "
          "relp://ADDRESS:PORT and relp+tls://ADDRESS:PORT for RELP, whose messages are answered when the buffers have "
          "them. Those of TLS need <transport tls>; where it is there and none says +tls, tcp and relp are of TLS.");
  d.param("socket_mode", &Options::socket_mode, "Permission bits of unix sockets' files.");
  d.param("allowed_senders", &Options::allowed_senders,
          "Who may send: addresses, networks such as 192.168.0.0/24, 2001:db8::/32 or, with quotes around the whole, "
          "\"[::1]/128\", names, which are looked up again and "
          "again, and *.example.net for every address whose name ends so and leads back to it. Others' connections are "
          "reset and their datagrams dropped, and counted. Everybody where nothing is said; unix sockets have their "
          "permissions for that.");
  d.param("allowed_senders_refresh", &Options::allowed_senders_refresh,
          "How often the names of allowed_senders are looked up; 0: at the start and at a reload only.");
}

void describe_framing(Describe<Options>& d) {
  d.choice("frame_type", &Options::frame_type,
           {{"auto", FrameType::automatic},
            {"traditional", FrameType::traditional},
            {"octet_count", FrameType::octet_count}},
           "How messages follow one another in a stream: each ends at the delimiter, or a count of bytes stands before "
           "it; auto tells that of each message, and takes no count above 16 MiB or message_length_limit for one.");
  d.param("delimiter", &Options::delimiter, "What ends a message that is not counted.");
  d.param(
      "message_length_limit", &Options::message_length_limit,
      "What is taken of a message; the rest is left out, and such messages are counted. Where nothing is said: 2 MiB "
      "of a stream's, 65535 bytes of a datagram.");
  d.param("receive_buffer_size", &Options::receive_buffer_size,
          "The receive buffer of sockets of datagrams, up to net.core.rmem_max; the system's where nothing is said.");
  d.param("send_keepalive_packet", &Options::send_keepalive_packet, "Use TCP keepalive on connections.");
  d.param("blocking_timeout", &Options::blocking_timeout, "Known and without effect: nothing here blocks.");
}

void describe_fields(Describe<Options>& d) {
  d.param("severity_key", &Options::severity_key, "Field that the severity's name is written into, such as `err`.")
      .alias("priority_key");
  d.param("facility_key", &Options::facility_key, "Field that the facility's name is written into, such as `daemon`.");
  d.param("source_hostname_key", &Options::source_hostname_key,
          "Field that the sender's host name is written into; it is looked up once a connection, and for datagrams "
          "remembered for five minutes.");
  d.param("source_address_key", &Options::source_address_key, "Field that the sender's address is written into.");
  d.param("resolve_hostname", &Options::resolve_hostname,
          "Look up senders' names, and write them into the field `source_hostname` where source_hostname_key names no "
          "other.");
  d.param("include_source_host", &Options::include_source_host,
          "The old way of saying source_hostname_key: the field is that of source_host_key.");
  d.param("source_host_key", &Options::source_host_key, "See include_source_host.");
  d.param("tag_format", &Options::tag_format,
          "The template of Docker's `tag` option, such as \"{{.ImageName}}/{{.Name}}/{{.ID}}\" (in quotes, or it would "
          "be read as JSON): its parts are taken out of "
          "the sender's name into the fields image_name, container_name, container_id and so on. A name that does not "
          "fit adds none.");
}

}  // namespace

void Options::describe(Describe<Options>& d) {
  d.param("tag", &Options::tag, "The beginning of the events' tags: TAG.facility.severity.").required();
  describe_where(d);
  describe_framing(d);
  d.param("emit_unmatched_lines", &Options::emit_unmatched_lines,
          "A message that does not match becomes an event with the field unmatched_line and the tag TAG.unmatched; "
          "otherwise it is counted as dropped.");
  d.param(
      "lenient", &Options::lenient,
      "Take whatever is sent, as RFC 3164 says in section 4.3: without a priority it is of user.notice, without a "
      "time it has that of its arrival, and what is not recognized is the message. The default where "
      "emit_unmatched_lines is false. Otherwise, as in Fluentd: what is not wholly of message_format does not match.");
  d.choice("hostname", &Options::hostname,
           {{"guess", SyslogHost::guess}, {"always", SyslogHost::always}, {"never", SyslogHost::never}},
           "Whether RFC 3164 messages have the host's name behind the time. Docker's default format has none; guess: a "
           "first word that ends in a colon, or holds a bracket, is the sender's name.");
  d.param("receive_time", &Options::receive_time, "Events have the time of their arrival, not the one in the message.");
  d.param("timezone", &Options::timezone,
          "The zone of times that name none, such as Europe/Berlin or +01:00; the same as `timezone` in <parse>.")
      .alias("time_zone");
  describe_fields(d);
  d.param(
      "join_split_lines", &Options::join_split_lines,
      "Join what Docker cut: a message of exactly 16384 bytes is continued by the next one of the same sender. A "
      "guess: nothing in a message says that it was cut, and one that merely is that long is joined with the next.");
  d.param("join_timeout", &Options::join_timeout, "How long the next part is waited for.");
  d.plugin("parse", &Options::parse, PluginKind::parser,
           "What a message is; of another parser's records, the field `pri` decides on the tag.");
}

}  // namespace logboom::in_syslog
