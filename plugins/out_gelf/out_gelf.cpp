#include <unistd.h>

#include <mutex>
#include <random>

#include <logboom/compress.hpp>
#include <logboom/output.hpp>
#include <logboom/socket_client.hpp>

#include "message.hpp"

namespace logboom {

namespace out_gelf {

void Options::describe(Describe<Options>& d) {
  d.leave_section("buffer");
  d.param("host", &Options::host, "Where to send to: an address or a name.").required();
  d.param("port", &Options::port, "Port to send to.");
  d.choice("protocol", &Options::protocol, {{"udp", Protocol::udp}, {"tcp", Protocol::tcp}},
           "Over what; over TCP a NUL ends each message.");
  d.section("transport", &Options::transport, tls_client_doc);
  d.param("hostname", &Options::hostname,
          "GELF's `host` of a record that has none; this machine's name where nothing is said.");
  d.param("hostname_key", &Options::hostname_key, "Field that becomes GELF's `host`.");
  d.param("message_key", &Options::message_key,
          "Field that becomes `short_message`; where a record has none, `message` or `log`.");
  d.param("level_key", &Options::level_key, "Field that becomes `level`: 0 to 7, or a name such as `err`.");
  d.param("tag_key", &Options::tag_key, "Field, with `_` before it, that the tag is written into; empty: none.");
  d.param("compress", &Options::compress, "Compress messages with gzip, over UDP.");
  d.param("packet_size", &Options::packet_size, "A longer message goes in chunks, each a datagram, over UDP.")
      .range(100, 65000);
  d.param("connect_timeout", &Options::connect_timeout, "How long a connection may take to be made.");
  d.param("timeout", &Options::timeout, "How long a peer may take nothing before the connection is given up.");
}

namespace {

std::chrono::milliseconds milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

class GelfOutput final : public ChunkOutput {
 public:
  using Options = out_gelf::Options;

  GelfOutput(Options options, BuildContext& context)
      : options_(std::move(options)),
        is_udp_(options_.protocol == Protocol::udp),
        client_({is_udp_ ? SocketClient::Address::Kind::udp : SocketClient::Address::Kind::tcp, options_.host,
                 options_.port},
                {milliseconds(options_.connect_timeout), milliseconds(options_.timeout)}, make_tls(context)),
        hostname_(options_.hostname),
        ids_(std::random_device()()) {
    char name[256] = {};
    if (hostname_.empty() && ::gethostname(name, sizeof name - 1) == 0) hostname_ = name;
  }

  BufferDefaults buffer_defaults() const override {
    BufferDefaults defaults;
    defaults.flush_interval = std::chrono::seconds(1);
    return defaults;
  }

  WriteResult write(const Chunk& chunk) override {
    const std::lock_guard lock(mutex_);
    WriteResult result;
    std::string why;
    if (!client_.connected() || !client_.peer_is_there()) why = client_.connect();
    out_.clear();
    chunk.for_each([&](std::string_view tag, const Event& event, std::uint64_t place) {
      if (!why.empty()) return;
      if (is_udp_) out_.clear();
      append_gelf(options_, hostname_, tag, event, out_);
      if (is_udp_) {
        if (!send_datagrams(why)) result.add_invalid(place, event);
        return;
      }
      out_.append('\0');
      if (out_.size() >= 64 * 1024) why = send();
    });
    if (why.empty() && !is_udp_) why = send();
    if (why.empty()) return result;
    return {WriteResult::Status::retry, std::move(why), 0};
  }

  void interrupt() noexcept override { client_.interrupt(); }
  void stop() override { client_.finish(); }

 private:
  std::shared_ptr<TlsClient> make_tls(BuildContext& context) const {
    const Element& element = context.element();
    std::shared_ptr<TlsClient> tls = read_client_transport(options_.transport, element, context.log());
    if (tls && is_udp_)
      throw ConfigError(element.sections("transport").back()->pos, "TLS is there for `protocol tcp` only");
    return tls;
  }

  std::string send() {
    std::string why = out_.empty() ? std::string() : client_.send(out_.text());
    out_.clear();
    return why;
  }

  /// False where the message is too long for them.
  bool send_datagrams(std::string& why) {
    packed_.clear();
    if (options_.compress) gzip_compress(out_.text(), packed_);
    const std::string_view message = options_.compress ? packed_.text() : out_.text();
    const std::vector<std::string> datagrams = gelf_datagrams(message, options_.packet_size, ids_());
    for (const std::string& datagram : datagrams) {
      why = client_.send(datagram);
      if (!why.empty()) break;
    }
    return !datagrams.empty();
  }

  Options options_;
  bool is_udp_;
  SocketClient client_;
  std::string hostname_;
  std::mt19937_64 ids_;
  std::mutex mutex_;  // several flush threads share the connection
  OutBuffer out_, packed_;
};

}  // namespace
}  // namespace out_gelf

namespace plugins {

PluginInfo out_gelf() {
  return describe_plugin<logboom::out_gelf::GelfOutput>(
      PluginKind::output, "gelf",
      "Sends events as GELF over UDP, compressed and in chunks, or TCP and TLS: to Graylog, or another logboom.");
}

}  // namespace plugins
}  // namespace logboom
