#include "options.hpp"

namespace logboom::out_syslog {

namespace {

void describe_fields(Describe<Options>& d) {
  d.param("facility", &Options::facility,
          "The facility of a message whose record and tag (TAG.facility.severity, as the input syslog has them) say "
          "none: a "
          "name or a number.");
  d.param("severity", &Options::severity, "The severity of such a message: a name or a number.");
  d.param("facility_key", &Options::facility_key, "Field, or path such as $.a.b, with the facility.");
  d.param("severity_key", &Options::severity_key, "The same for the severity.").alias("level_key");
  d.param("hostname", &Options::hostname,
          "The host's name of a message whose record says none; this machine's where nothing is said.");
  d.param("hostname_key", &Options::hostname_key, "Field with the host's name.");
  d.param("program", &Options::program, "The sender's name of a message whose record says none.").alias("tag");
  d.param("program_key", &Options::program_key, "Field with the sender's name.");
  d.param("procid_key", &Options::procid_key, "Field with the process id.");
  d.param("msgid_key", &Options::msgid_key, "Field with RFC 5424's message id.");
  d.param("message_key", &Options::message_key,
          "Field with the message; where a record has none, `log` is taken, and then the record as JSON.");
  d.param("structured_data_key", &Options::structured_data_key,
          "Field with RFC 5424's structured data: a map of ids to maps, as the input syslog has it, or its text; where "
          "a record has none, `extradata` is taken.");
  d.param("structured_data_id", &Options::structured_data_id,
          "The id, such as app@32473, of an element that has structured_data_fields as its parameters.");
  d.param("structured_data_fields", &Options::structured_data_fields, "See structured_data_id.");
  d.param("timezone", &Options::timezone, "The zone of times in messages; local where nothing is said.");
}

void describe_tls(Describe<Options>& d) {
  d.section("transport", &Options::transport, tls_client_doc);
  d.param("tls", &Options::tls, "fluent-plugin-remote_syslog's way of saying <transport tls>; so are the next five.");
  d.param("ca_file", &Options::ca_file, "See tls: the ca_path of <transport tls>.");
  d.param("client_cert", &Options::client_cert, "See tls: its cert_path.");
  d.param("client_cert_key", &Options::client_cert_key, "See tls: its private_key_path.");
  d.param("client_cert_key_password", &Options::client_cert_key_password, "See tls: its private_key_passphrase.")
      .secret();
  d.param("verify_mode", &Options::verify_mode, "See tls: 0 is its `insecure true`.").range(0, 1);
}

}  // namespace

void Options::describe(Describe<Options>& d) {
  d.leave_section("buffer");
  d.param("host", &Options::host, "Where to send to: an address or a name.").alias("remote_syslog");
  d.param("port", &Options::port, "Port to send to.");
  d.param("path", &Options::path, "The unix socket, for the protocols unix and unixgram.");
  d.choice("protocol", &Options::protocol,
           {{"udp", Protocol::udp},
            {"tcp", Protocol::tcp},
            {"relp", Protocol::relp},
            {"unix", Protocol::unix_stream},
            {"unixgram", Protocol::unix_datagram}},
           "Over what. RELP is answered: a chunk is written when its receiver has said so of each message.");
  describe_tls(d);
  d.choice("message_format", &Options::message_format, {{"rfc3164", Format::rfc3164}, {"rfc5424", Format::rfc5424}},
           "The format of messages.");
  d.choice("frame_type", &Options::frame_type, {{"newline", Framing::newline}, {"octet_count", Framing::octet_count}},
           "How messages follow one another in a stream. With newline, a line end within a message is sent as #012.");
  describe_fields(d);
  d.param("packet_size", &Options::packet_size,
          "A longer message is cut there, between characters, and ends with cut_mark; 0: none is cut, but datagrams at "
          "65000 bytes.");
  d.param("cut_mark", &Options::cut_mark, "What stands at the end of a message that was cut.");
  d.param("connect_timeout", &Options::connect_timeout, "How long a connection may take to be made.");
  d.param("timeout", &Options::timeout, "How long a peer may take nothing before the connection is given up.");
  d.plugin("format", &Options::format, PluginKind::formatter,
           "Makes the message of the event, instead of taking that of message_key.");
}

std::shared_ptr<TlsClient> make_tls(const Options& options, const Element& element, Log& log) {
  const bool streams = options.protocol == Protocol::tcp || options.protocol == Protocol::relp;
  if (!streams && (options.tls || options.transport.arg == "tls")) {
    const std::vector<const Element*> sections = element.sections("transport");
    const Attribute* const attribute = element.find("tls");
    throw ConfigError(attribute != nullptr ? attribute->value_pos
                      : sections.empty()   ? element.pos
                                           : sections.back()->pos,
                      "TLS is there for `protocol tcp` and `protocol relp` only");
  }
  if (!options.tls) return read_client_transport(options.transport, element, log);
  if (!element.sections("transport").empty())
    throw ConfigError(element.sections("transport").back()->pos, "give either `tls` or <transport>, not both");
  TlsClientOptions tls;
  if (!options.ca_file.empty()) tls.ca_paths = {options.ca_file};
  tls.cert_path = options.client_cert;
  tls.private_key_path = options.client_cert_key;
  tls.private_key_passphrase = options.client_cert_key_password;
  tls.insecure = options.verify_mode == 0;
  tls.names.ca_path = "ca_file";
  tls.names.cert_path = "client_cert";
  tls.names.private_key_path = "client_cert_key";
  return make_tls_client(std::move(tls), element, log);
}

}  // namespace logboom::out_syslog
