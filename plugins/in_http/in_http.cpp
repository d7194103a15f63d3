#include <logboom/input.hpp>

#include <algorithm>

#include "options.hpp"
#include "session.hpp"

namespace logboom {

namespace in_http {
namespace {

class HttpInput final : public Input {
 public:
  using Options = in_http::Options;

  HttpInput(Options options, BuildContext& context)
      : options_(std::move(options)), extractor_(options_.extract, context.element()) {
    if (options_.blocking_timeout != Options().blocking_timeout) {
      context.warn(context.element().find("blocking_timeout")->key_pos,
                   "blocking_timeout has no effect: nothing blocks");
    }
    const auto& origins = options_.cors_allow_origins;
    if (options_.cors_allow_credentials && std::find(origins.begin(), origins.end(), "*") != origins.end()) {
      throw ConfigError(context.element().find("cors_allow_credentials")->value_pos,
                        "cors_allow_credentials needs origins by name, not `*`");
    }
    tls_ = read_transport(options_.transport, context.element(), {TransportKind::tcp, TransportKind::tls}).tls;
    if (!options_.by_content_type()) parsers_ = context.parser(options_.parse);
  }

  void start(net::Host& host) override {
    shared_ = std::make_unique<Shared>(options_, extractor_, parsers_, host);
    net::StreamListen where;
    where.bind = options_.bind;
    where.port = options_.port;
    where.tls = tls_;
    where.limits = options_.limits;
    where.backlog = options_.backlog;
    where.reset_on_close = false;
    host.listen(where,
                [this](net::Connection& connection) { return std::make_unique<HttpSession>(connection, *shared_); });
  }

 private:
  Options options_;
  Extractor extractor_;
  BuildContext::ParserFactory parsers_;
  std::shared_ptr<TlsServer> tls_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace
}  // namespace in_http

namespace plugins {

PluginInfo in_http() {
  return describe_plugin<logboom::in_http::HttpInput>(
      PluginKind::input, "http", "Receives events over HTTP: JSON, msgpack, NDJSON, forms, or text for a parser.");
}

}  // namespace plugins
}  // namespace logboom
