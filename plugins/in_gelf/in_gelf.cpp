#include <algorithm>
#include <optional>
#include <string>

#include <logboom/input.hpp>

#include "chunks.hpp"
#include "events.hpp"

namespace logboom {

namespace in_gelf {
namespace {

class UdpSession final : public net::DatagramSession {
 public:
  UdpSession(net::Source& source, Shared& shared) : source_(source), shared_(shared), events_(source, shared, "gelf") {}
  ~UdpSession() override { shared_.incomplete.add(chunks_.expire(Chunks::Clock::time_point::max())); }

  void on_datagram(const net::Datagram& datagram) override {
    if (datagram.truncated()) return shared_.too_long.add();
    const std::string_view text = datagram.text();
    const bool names_sender = !shared_.options.source_address_key.empty();
    if (!Chunks::is_chunk(text)) return add(text, names_sender ? datagram.peer_address() : std::string());
    switch (chunks_.add(datagram.peer(), text, Chunks::Clock::now(), message_)) {
      case Chunks::Outcome::whole: return add(message_, names_sender ? datagram.peer_address() : std::string());
      case Chunks::Outcome::invalid: return shared_.bad_chunk.add();
      case Chunks::Outcome::waiting:
        if (!std::exchange(timer_set_, true)) source_.set_timer(std::chrono::seconds(1));
        return;
      case Chunks::Outcome::duplicate: return;
    }
  }
  void on_pause() override { events_.flush(); }
  void on_timer() override {
    shared_.incomplete.add(chunks_.expire(Chunks::Clock::now()));
    timer_set_ = chunks_.waiting() != 0;
    if (timer_set_) source_.set_timer(std::chrono::seconds(1));
  }

 private:
  void add(std::string_view message, const std::string& address) { events_.add(message, address, time_now()); }

  net::Source& source_;
  Shared& shared_;
  Events events_;
  Chunks chunks_;
  std::string message_;
  bool timer_set_ = false;
};

class TcpSession final : public net::Session {
 public:
  TcpSession(net::Connection& connection, Shared& shared)
      : connection_(connection), shared_(shared), events_(connection, shared, cat("gelf: ", connection.peer())) {}

  std::size_t on_bytes(const SlabPtr&, std::uint8_t* data, std::size_t size) override {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const EventTime now = time_now();
    const std::size_t limit = shared_.options.message_length_limit.bytes;
    for (std::size_t end = 0; (end = rest.find('\0', looked_)) != std::string_view::npos; looked_ = 0) {
      message(rest.substr(0, end), now, limit);
      rest.remove_prefix(end + 1);
    }
    if (skipping_ || rest.size() > limit) {
      if (!std::exchange(skipping_, true)) shared_.too_long.add();
      rest = {};
    }
    looked_ = rest.size();
    events_.flush();
    return size - rest.size();
  }
  void on_end(net::End, std::size_t unconsumed) override {
    if (unconsumed != 0) shared_.unterminated.add();
  }
  /// All that there is: whether the rest of a message is to be left out.
  std::optional<std::string> hand_over() override { return skipping_ ? "skipping" : ""; }
  void take_over(std::string_view state) override { skipping_ = state == "skipping"; }

 private:
  void message(std::string_view text, const EventTime& now, std::size_t limit) {
    if (std::exchange(skipping_, false)) return;
    while (text.starts_with('\n') || text.starts_with('\r')) text.remove_prefix(1);
    if (text.size() > limit) return shared_.too_long.add();
    if (!text.empty()) events_.add(text, connection_.peer_address(), now);
  }

  net::Connection& connection_;
  Shared& shared_;
  Events events_;
  std::size_t looked_ = 0;  // bytes of what was left in which no NUL is
  bool skipping_ = false;   // until the next NUL
};

class GelfInput final : public Input {
 public:
  using Options = in_gelf::Options;
  GelfInput(Options options, BuildContext& context)
      : options_(std::move(options)), transport_(read(options_, context.element())) {}

  void start(net::Host& host) override {
    shared_ = std::make_unique<Shared>(options_, host);
    if (transport_.kind != TransportKind::udp) {
      net::StreamListen where;
      where.bind = options_.bind;
      where.port = options_.port;
      where.limits = options_.limits;
      where.tls = transport_.tls;
      host.listen(where,
                  [this](net::Connection& connection) { return std::make_unique<TcpSession>(connection, *shared_); });
      return;
    }
    net::DatagramListen where;
    where.bind = options_.bind;
    where.port = options_.port;
    if (options_.receive_buffer_size) where.receive_buffer = options_.receive_buffer_size->bytes;
    host.listen_datagram(where, [this](net::Source& source) { return std::make_unique<UdpSession>(source, *shared_); });
  }

 private:
  static Transport read(const Options& options, const Element& element) {
    const auto usual = options.protocol_type == Protocol::tcp ? TransportKind::tcp : TransportKind::udp;
    return read_transport(options.transport, element,
                          {usual, TransportKind::udp, TransportKind::tcp, TransportKind::tls});
  }

  Options options_;
  Transport transport_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace
}  // namespace in_gelf

namespace plugins {

PluginInfo in_gelf() {
  return describe_plugin<logboom::in_gelf::GelfInput>(
      PluginKind::input, "gelf",
      "GELF over UDP, with chunks and compression, TCP and TLS: Docker's gelf driver, Graylog's clients.");
}

}  // namespace plugins
}  // namespace logboom
