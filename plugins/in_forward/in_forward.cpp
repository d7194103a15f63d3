#include <logboom/input.hpp>

#include "options.hpp"
#include "session.hpp"

namespace logboom {

namespace in_forward {
namespace {

/// Answers the datagrams by which a sender sees that this end lives.
class Heartbeats final : public net::DatagramSession {
 public:
  void on_datagram(const net::Datagram& heartbeat) override { heartbeat.reply(std::string_view("\0", 1)); }
};

class ForwardInput final : public Input {
 public:
  using Options = in_forward::Options;

  ForwardInput(Options options, BuildContext& context) : options_(std::move(options)) {
    const Element& element = context.element();
    const Attribute* type = element.find("@type");
    if (type != nullptr && type->value == "unix" && options_.unix_path.empty()) {
      options_.unix_path = "/var/run/fluent/fluent.sock";
    }
    tls_ = read_transport(options_.transport, element, {TransportKind::tcp, TransportKind::tls}).tls;
    if (options_.security) {
      rules_ = read_security(*options_.security, element, [&context](const SourcePos& pos, std::string text) {
        context.warn(pos, std::move(text));
      });
    }
    on_port_ = options_.unix_path.empty() || element.find("port") != nullptr || element.find("bind") != nullptr;
  }

  std::optional<AckLevel> ack_level() const override { return options_.ack; }
  void start(net::Host& host) override {
    shared_ = std::make_unique<Shared>(options_, host, rules_);
    net::StreamListen where;
    where.backlog = options_.backlog;
    where.reset_on_close = options_.linger_timeout == 0;
    where.limits = options_.limits;
    where.keepalive = options_.send_keepalive_packet;
    where.resolve_hostname = options_.resolve_hostname.value_or(false) || !options_.source_hostname_key.empty();
    if (on_port_) {
      where.bind = options_.bind;
      where.port = options_.port;
      where.tls = tls_;
      listen(host, where);
      net::DatagramListen heartbeats;
      heartbeats.bind = options_.bind;
      heartbeats.port = host.last_port();
      host.listen_datagram(heartbeats, [](net::Source&) { return std::make_unique<Heartbeats>(); });
    }
    if (!options_.unix_path.empty()) {
      where.tls = nullptr;
      where.unix_path = options_.unix_path;
      if (options_.unix_permission) where.unix_mode = options_.unix_permission->bits;
      listen(host, where);
    }
  }

 private:
  void listen(net::Host& host, const net::StreamListen& where) {
    host.listen(where,
                [this](net::Connection& connection) { return std::make_unique<ForwardSession>(connection, *shared_); });
  }

  Options options_;
  forward::ServerSecurity rules_;
  std::shared_ptr<TlsServer> tls_;
  bool on_port_ = true;
  std::unique_ptr<Shared> shared_;
};

}  // namespace
}  // namespace in_forward

namespace plugins {

PluginInfo in_forward() {
  return describe_plugin<logboom::in_forward::ForwardInput>(PluginKind::input, "forward",
                                                            "Receives events by the Fluentd forward protocol: Docker's "
                                                            "fluentd log driver, Fluentd, Fluent Bit, fluent-logger.",
                                                            {"unix"});
}

}  // namespace plugins
}  // namespace logboom
