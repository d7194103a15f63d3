#include <logboom/input.hpp>
#include <logboom/text_events.hpp>

namespace logboom {

namespace in_udp {
namespace {

struct Options {
  std::string tag;
  std::uint16_t port = 5160;
  std::string bind = "0.0.0.0";
  ByteSize message_length_limit{4096};
  std::optional<ByteSize> receive_buffer_size;
  bool remove_newline = true;
  std::string source_hostname_key;
  std::string source_address_key;
  bool emit_unmatched_lines = false;
  PluginSection parse;
  std::optional<ExtractOptions> extract;

  static void describe(Describe<Options>& d) {
    d.param("tag", &Options::tag, "The tag of the events.").required();
    d.param("port", &Options::port, "UDP port to listen on; 0 takes a free one.");
    d.param("bind", &Options::bind, "Address to listen on.");
    d.param("message_length_limit", &Options::message_length_limit,
            "What is taken of a datagram, at most 65535 bytes; a longer one is cut and counted.")
        .alias("body_size_limit");
    d.param("receive_buffer_size", &Options::receive_buffer_size,
            "The socket's receive buffer, up to net.core.rmem_max; the system's where nothing is said.");
    d.param("remove_newline", &Options::remove_newline, "Take a line end off the end of a datagram.");
    d.param("source_hostname_key", &Options::source_hostname_key,
            "Field that the sender's host name is written into; it is looked up, and remembered for five minutes.")
        .alias("source_host_key");
    d.param("source_address_key", &Options::source_address_key, "Field that the sender's address is written into.");
    d.param("emit_unmatched_lines", &Options::emit_unmatched_lines,
            "A datagram that does not match becomes an event with the field unmatched_line; otherwise it is counted as "
            "dropped.");
    d.plugin("parse", &Options::parse, PluginKind::parser, "What a datagram is.");
    d.section("extract", &Options::extract, extract_doc);
  }
};

/// What the socket's session needs. Outlives it.
struct Shared {
  Shared(const Options& given, net::Host& host) : options(given), counts(host), truncated(host.errors("truncated")) {}
  const Options& options;
  TextEventCounts counts;
  Counter& truncated;
};

class UdpSession final : public net::DatagramSession {
 public:
  UdpSession(net::Source& source, Shared& shared, std::unique_ptr<Parser> parser, Extractor extractor)
      : shared_(shared),
        events_(source, std::move(parser), std::move(extractor), shared.counts,
                {shared.options.tag, shared.options.emit_unmatched_lines, "udp"}) {}

  void on_datagram(const net::Datagram& datagram) override {
    const Options& options = shared_.options;
    if (!in_run_) now_ = time_now();
    in_run_ = true;
    if (datagram.truncated()) shared_.truncated.add();
    std::string_view text = datagram.text();
    if (options.remove_newline && text.ends_with('\n')) text.remove_suffix(1);
    if (options.remove_newline && text.ends_with('\r')) text.remove_suffix(1);
    set_fields(datagram);
    events_.add(text, now_);
  }
  void on_pause() override {
    events_.flush();
    in_run_ = false;
  }

 private:
  void set_fields(const net::Datagram& datagram) {
    const Options& options = shared_.options;
    if (options.source_address_key.empty() && options.source_hostname_key.empty()) return;
    static const std::string no_name;
    const std::string& host = options.source_hostname_key.empty() ? no_name : datagram.peer_host();
    if (datagram.peer_address() == address_ && host == host_) return;
    std::vector<std::pair<std::string, std::string>> fields;
    address_ = datagram.peer_address();
    host_ = host;
    if (!options.source_address_key.empty()) fields.emplace_back(options.source_address_key, address_);
    if (!options.source_hostname_key.empty()) fields.emplace_back(options.source_hostname_key, host_);
    events_.set_fields(std::move(fields));
  }

  Shared& shared_;
  TextEvents events_;
  EventTime now_;
  bool in_run_ = false;
  std::string address_ = "?";  // whose fields are set
  std::string host_;
};

class UdpInput final : public Input {
 public:
  using Options = in_udp::Options;

  UdpInput(Options options, BuildContext& context)
      : options_(std::move(options)), extractor_(options_.extract, context.element()) {
    if (options_.parse.element == nullptr) {
      throw ConfigError(context.element().pos, "udp needs a <parse> section: `@type none` takes a datagram as it is");
    }
    parsers_ = context.parser(options_.parse);
  }

  void start(net::Host& host) override {
    shared_ = std::make_unique<Shared>(options_, host);
    net::DatagramListen where;
    where.bind = options_.bind;
    where.port = options_.port;
    where.max_size = std::min<std::uint64_t>(options_.message_length_limit.bytes, 65535);
    if (options_.receive_buffer_size) where.receive_buffer = options_.receive_buffer_size->bytes;
    where.resolve_hostname = !options_.source_hostname_key.empty();
    host.listen_datagram(where, [this](net::Source& source) {
      return std::make_unique<UdpSession>(source, *shared_, parsers_(), extractor_);
    });
  }

 private:
  Options options_;
  Extractor extractor_;
  BuildContext::ParserFactory parsers_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace
}  // namespace in_udp

namespace plugins {

PluginInfo in_udp() {
  return describe_plugin<logboom::in_udp::UdpInput>(PluginKind::input, "udp", "Receives text in UDP datagrams.");
}

}  // namespace plugins
}  // namespace logboom
