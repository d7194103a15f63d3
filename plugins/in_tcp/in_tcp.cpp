#include <logboom/input.hpp>

#include <stdexcept>

#include "session.hpp"

namespace logboom {

namespace in_tcp {
namespace {

class TcpInput final : public Input {
 public:
  using Options = in_tcp::Options;

  TcpInput(Options options, BuildContext& context)
      : options_(std::move(options)), extractor_(options_.extract, context.element()) {
    const Element& element = context.element();
    if (options_.parse.element == nullptr) {
      throw ConfigError(element.pos, "tcp needs a <parse> section: `@type none` takes a message as it is");
    }
    if (options_.delimiter.empty()) throw ConfigError(element.pos, "delimiter must not be empty");
    if (options_.security) allow(element);
    tls_ = read_transport(options_.transport, element, {TransportKind::tcp, TransportKind::tls}).tls;
    parsers_ = context.parser(options_.parse);
  }

  void start(net::Host& host) override {
    shared_ = std::make_unique<Shared>(options_, allowed_, host);
    net::StreamListen where;
    where.bind = options_.bind;
    where.port = options_.port;
    where.tls = tls_;
    where.limits = options_.limits;
    where.keepalive = options_.send_keepalive_packet;
    where.resolve_hostname = !options_.source_hostname_key.empty();
    host.listen(where, [this](net::Connection& connection) {
      return std::make_unique<TcpSession>(connection, *shared_, parsers_(), extractor_);
    });
  }

 private:
  void allow(const Element& element) {
    const Element& section = *element.sections("security").back();
    if (options_.security->clients.empty()) {
      throw ConfigError(section.pos, "<security> without a <client> would refuse everybody: add one, or remove it");
    }
    const auto clients = section.sections("client");
    for (std::size_t i = 0; i < options_.security->clients.size(); ++i) {
      const ClientOptions& client = options_.security->clients[i];
      if (client.host.empty() == client.network.empty()) {
        throw ConfigError(clients[i]->pos, "<client> needs either `host` or `network`");
      }
      try {
        client.network.empty() ? allowed_.add_host(client.host) : allowed_.add_network(client.network);
      } catch (const std::invalid_argument& error) {
        throw ConfigError(clients[i]->pos, error.what());
      }
    }
  }

  Options options_;
  Extractor extractor_;
  Networks allowed_;
  BuildContext::ParserFactory parsers_;
  std::shared_ptr<TlsServer> tls_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace
}  // namespace in_tcp

namespace plugins {

PluginInfo in_tcp() {
  return describe_plugin<logboom::in_tcp::TcpInput>(PluginKind::input, "tcp", "Receives text over TCP, line by line.");
}

}  // namespace plugins
}  // namespace logboom
