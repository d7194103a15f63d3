#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "relp_session.hpp"
#include "sessions.hpp"

namespace logboom {

namespace in_syslog {
namespace {

struct Place {
  enum class Kind : std::uint8_t { tcp, relp, udp, unix_stream, unix_datagram } kind = Kind::udp;
  std::string bind;  // or the path
  std::uint16_t port = 0;
  bool tls = false;

  bool is_datagram() const { return kind == Kind::udp || kind == Kind::unix_datagram; }
};

[[noreturn]] void fail(const Element& element, std::string_view key, std::string message) {
  const Attribute* attribute = element.find(key);
  throw ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, std::move(message));
}

struct Scheme {
  std::string_view name;
  Place::Kind kind;
  std::uint16_t port;  // 0: it has a path
  bool tls = false;
};
constexpr std::array<Scheme, 7> schemes{{{"tcp", Place::Kind::tcp, 514},
                                         {"udp", Place::Kind::udp, 514},
                                         {"relp", Place::Kind::relp, 2514},
                                         {"tcp+tls", Place::Kind::tcp, 6514, true},
                                         {"relp+tls", Place::Kind::relp, 2514, true},
                                         {"unix", Place::Kind::unix_stream, 0},
                                         {"unixgram", Place::Kind::unix_datagram, 0}}};

const Scheme& scheme_of(const std::string& text) {
  const std::size_t colon = text.find("://");
  for (const Scheme& scheme : schemes) {
    if (colon != std::string::npos && scheme.name == std::string_view(text).substr(0, colon)) return scheme;
  }
  throw std::invalid_argument(
      cat("listen: '", text,
          "' is none of tcp://ADDRESS:PORT, udp://ADDRESS:PORT, tcp+tls://ADDRESS:PORT, relp://ADDRESS:PORT, "
          "relp+tls://ADDRESS:PORT, unix:///PATH and unixgram:///PATH"));
}

/// "tcp://127.0.0.1:514", "udp://[::]:514", "tcp://:514", "unix:///dev/log". Throws std::invalid_argument.
Place parse_place(const std::string& text) {
  const Scheme& scheme = scheme_of(text);
  Place place{scheme.kind, text.substr(scheme.name.size() + 3), scheme.port, scheme.tls};
  if (scheme.port == 0) {
    if (place.bind.empty()) throw std::invalid_argument(cat("listen: '", text, "' has no path"));
    return place;
  }
  const std::size_t end = place.bind.rfind(':');
  if (end != std::string::npos && place.bind.find(']', end) == std::string::npos) {
    const std::string digits = place.bind.substr(end + 1);
    const bool is_number =
        !digits.empty() && digits.size() < 6 && digits.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || std::stoul(digits) > 65535) throw std::invalid_argument(cat("listen: '", text, "' has no port"));
    place.port = static_cast<std::uint16_t>(std::stoul(digits));
    place.bind.resize(end);
  }
  if (place.bind.starts_with('[') && place.bind.ends_with(']'))
    place.bind = place.bind.substr(1, place.bind.size() - 2);
  if (place.bind.empty()) place.bind = "0.0.0.0";
  return place;
}

/// What the parser's section says, if it is one that this input reads itself.
bool reads_itself(const Options& options) {
  if (options.parse.type != "syslog") return false;
  if (options.parse.element == nullptr) return true;
  for (const char* key : {"types", "null_value_pattern", "null_empty_string", "time_format", "rfc5424_time_format",
                          "time_key", "time_type", "time_format_fallbacks"}) {
    if (options.parse.element->find(key) != nullptr) return false;
  }
  const Attribute* const with = options.parse.element->find("with_priority");
  return with == nullptr || config_value::boolean(*with);
}

class SyslogInput final : public Input {
 public:
  using Options = in_syslog::Options;

  SyslogInput(Options options, BuildContext& context) {
    const Element& element = context.element();
    settings_.options = std::move(options);
    set_places(element);
    set_parser(context);
    allow(element, context);
    const Options& given = settings_.options;
    if (given.blocking_timeout != Options().blocking_timeout) {
      context.warn(element.find("blocking_timeout")->key_pos, "blocking_timeout has no effect: nothing blocks");
    }
    if (!given.tag_format.empty()) set_tag_format(element);
    if (given.delimiter.empty()) fail(element, "delimiter", "delimiter must not be empty");
    const char first = given.delimiter[0];
    if (first == ' ' || (first >= '0' && first <= '9')) {
      fail(element, "delimiter", "a delimiter must begin with neither a digit nor a blank");
    }
    settings_.set_names();
    limits_ = {given.frame_type, given.delimiter, settings_.stream_limit()};
  }

  void start(net::Host& host) override {
    shared_ = std::make_unique<Shared>(settings_, host);
    for (const Place& place : places_) {
      place.is_datagram() ? listen_datagram(host, place) : listen_stream(host, place);
    }
    const auto refresh = settings_.options.allowed_senders_refresh;
    if (settings_.allowed.has_names() && refresh.count() > 0) watch_.emplace(settings_.allowed, refresh, host.log());
  }

 private:
  void set_places(const Element& element) {
    const Options& options = settings_.options;
    if (options.listen.empty()) {
      const TransportKind usual = options.protocol_type == Protocol::tcp ? TransportKind::tcp : TransportKind::udp;
      const Transport transport = read_transport(options.transport, element,
                                                 {usual, TransportKind::udp, TransportKind::tcp, TransportKind::tls});
      tls_ = transport.tls;
      const auto kind = transport.kind == TransportKind::udp ? Place::Kind::udp : Place::Kind::tcp;
      places_.push_back({kind, options.bind, options.port, tls_ != nullptr});
      return;
    }
    for (const char* key : {"port", "bind", "protocol_type"}) {
      if (element.find(key) == nullptr) continue;
      fail(element, key, cat("give either `listen` or `", std::string_view(key), "`, not both"));
    }
    for (const std::string& text : options.listen) {
      try {
        places_.push_back(parse_place(text));
      } catch (const std::invalid_argument& error) {
        fail(element, "listen", error.what());
      }
    }
    set_tls(element);
  }

  /// Which places of `listen` speak TLS: what would make a connection safe is never passed over in silence.
  void set_tls(const Element& element) {
    const bool any = std::any_of(places_.begin(), places_.end(), [](const Place& place) { return place.tls; });
    const std::vector<const Element*> sections = element.sections("transport");
    if (sections.empty()) {
      if (any) fail(element, "listen", "listen: tcp+tls:// and relp+tls:// need <transport tls> with the certificate");
      return;
    }
    if (settings_.options.transport.arg != "tls") {
      throw ConfigError(sections.back()->pos, "`listen` says how to listen: <transport> beside it can only be tls");
    }
    tls_ = read_transport(settings_.options.transport, element, {TransportKind::tls}).tls;
    if (any) return;
    for (Place& place : places_) {
      place.tls = place.kind == Place::Kind::tcp || place.kind == Place::Kind::relp;
      if (!place.tls) fail(element, "listen", "TLS is there for tcp:// and relp:// only: give the others a source");
    }
  }

  void set_parser(BuildContext& context) {
    Options& options = settings_.options;
    settings_.lenient = options.lenient.value_or(!options.emit_unmatched_lines);
    if (options.parse.element != nullptr) section_ = *options.parse.element;
    set_zone(context.element());
    const Element& section = section_;
    if (!reads_itself(options)) {
      if (options.parse.type == "syslog" && section_.find("with_priority") == nullptr) {
        Attribute with;
        with.key = "with_priority";
        with.value = "true";
        section_.attributes.push_back(with);
      }
      settings_.other_parsers = context.parser({options.parse.type, &section_});
      return;
    }
    schema_of<SyslogParserOptions>().apply(
        section, &settings_.parser,
        [&context](const SourcePos& pos, std::string text) { context.warn(pos, std::move(text)); });
    settings_.parser.with_priority = true;
    if (section.find("message_format") == nullptr) settings_.parser.message_format = SyslogFormat::automatic;
    settings_.zone = settings_.parser.time_zone(section);
    if (!settings_.lenient) return;
    for (const char* key : {"message_format", "parser_engine", "parser_type", "support_colonless_ident"}) {
      const Attribute* const given = section.find(key);
      if (given == nullptr || given->value == "auto") continue;
      context.warn(given->value_pos, cat("`", std::string_view(key),
                                         "` has no effect: messages of every form are taken. `lenient false` beside "
                                         "<parse> makes it hold"));
    }
  }

  /// The zone of the source is that of its parser.
  void set_zone(const Element& element) {
    if (settings_.options.timezone.empty()) return;
    if (settings_.options.parse.type != "syslog") {
      fail(element, "timezone", "`timezone` here is for the parser syslog: give that of another in its <parse>");
    }
    for (const char* key : {"timezone", "utc", "localtime"}) {
      if (section_.find(key) != nullptr) fail(element, "timezone", "give `timezone` here or in <parse>, not in both");
    }
    Attribute zone;
    zone.key = "timezone";
    zone.value = settings_.options.timezone;
    for (const char* key : {"timezone", "time_zone"}) {
      if (const Attribute* const given = element.find(key)) zone.value_pos = given->value_pos;
    }
    section_.attributes.push_back(zone);
  }

  void allow(const Element& element, BuildContext& context) {
    try {
      settings_.allowed.allow(settings_.options.allowed_senders);
      for (const std::string& name : settings_.allowed.look_up()) {
        const Attribute* const attribute = element.find("allowed_senders");
        context.warn(
            attribute != nullptr ? attribute->value_pos : element.pos,
            cat("allowed_senders: '", name, "' has no address now: nobody may send by that name until it has"));
      }
    } catch (const std::invalid_argument& error) {
      fail(element, "allowed_senders", error.what());
    }
  }

  void set_tag_format(const Element& element) {
    try {
      settings_.tag_format = TagFormat(settings_.options.tag_format);
    } catch (const std::invalid_argument& error) {
      fail(element, "tag_format", error.what());
    }
  }

  void listen_stream(net::Host& host, const Place& place) {
    net::StreamListen where;
    if (place.kind == Place::Kind::unix_stream) {
      where.unix_path = place.bind;
      where.unix_mode = settings_.options.socket_mode.bits;
    } else {
      where.bind = place.bind;
      where.port = place.port;
      if (place.tls) where.tls = tls_;
    }
    where.limits = settings_.options.limits;
    where.keepalive = settings_.options.send_keepalive_packet;
    where.resolve_hostname = !settings_.hostname_key.empty() || settings_.allowed.has_wildcards();
    if (!settings_.allowed.everybody()) {
      where.accepts = [this](const std::string& address, const std::string& name) {
        const bool is_allowed = settings_.allowed.allows(address, name);
        if (!is_allowed) shared_->refusals.add(address);
        return is_allowed;
      };
    }
    const bool relp = place.kind == Place::Kind::relp;
    host.listen(where, [this, relp](net::Connection& connection) -> std::unique_ptr<net::Session> {
      if (relp) return std::make_unique<RelpSession>(connection, *shared_);
      return std::make_unique<StreamSession>(connection, *shared_, limits_);
    });
  }

  void listen_datagram(net::Host& host, const Place& place) {
    const Options& options = settings_.options;
    const bool on_network = place.kind == Place::Kind::udp;
    net::DatagramListen where;
    if (on_network) {
      where.bind = place.bind;
      where.port = place.port;
    } else {
      where.unix_path = place.bind;
      where.unix_mode = options.socket_mode.bits;
    }
    if (options.message_length_limit)
      where.max_size = std::min<std::size_t>(options.message_length_limit->bytes, 65535);
    if (options.receive_buffer_size) where.receive_buffer = options.receive_buffer_size->bytes;
    where.resolve_hostname = !settings_.hostname_key.empty() || settings_.allowed.has_wildcards();
    host.listen_datagram(where, [this, on_network](net::Source& source) {
      return std::make_unique<DatagramSession>(source, *shared_, on_network);
    });
  }

  Settings settings_;
  std::vector<Place> places_;
  std::shared_ptr<TlsServer> tls_;
  Framer::Limits limits_;
  Element section_;  // <parse>
  std::unique_ptr<Shared> shared_;
  std::optional<NameWatch> watch_;
};

}  // namespace
}  // namespace in_syslog

namespace plugins {

PluginInfo in_syslog() {
  return describe_plugin<logboom::in_syslog::SyslogInput>(
      PluginKind::input, "syslog",
      "Syslog over TCP, UDP, RELP and unix sockets, as devices, daemons and Docker's syslog driver send it.");
}

}  // namespace plugins
}  // namespace logboom
