#include <mutex>
#include <stdexcept>

#include <logboom/output.hpp>
#include <logboom/socket_client.hpp>

#include "message.hpp"
#include "relp_client.hpp"

namespace logboom {

namespace out_syslog {
namespace {

std::chrono::milliseconds milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

SocketClient::Address address(const Options& options) {
  using Kind = SocketClient::Address::Kind;
  switch (options.protocol) {
    case Protocol::relp:
    case Protocol::tcp: return {Kind::tcp, options.host, options.port};
    case Protocol::unix_stream: return {Kind::unix_stream, options.path, 0};
    case Protocol::unix_datagram: return {Kind::unix_datagram, options.path, 0};
    default: return {Kind::udp, options.host, options.port};
  }
}

class SyslogOutput final : public ChunkOutput {
 public:
  using Options = out_syslog::Options;

  SyslogOutput(Options options, BuildContext& context)
      : options_(check(std::move(options), context.element())),
        writer_(make_writer(context)),
        client_(address(options_), {milliseconds(options_.connect_timeout), milliseconds(options_.timeout)},
                make_tls(options_, context.element(), context.log())) {}

  BufferDefaults buffer_defaults() const override {
    BufferDefaults defaults;
    defaults.flush_interval = std::chrono::seconds(1);
    return defaults;
  }

  WriteResult write(const Chunk& chunk) override {
    const std::lock_guard lock(mutex_);
    WriteResult result;
    if (options_.protocol == Protocol::relp) return write_relp(chunk);
    if (std::string why = ready(); !why.empty()) return {WriteResult::Status::retry, std::move(why), 0};
    out_.clear();
    std::string why;
    chunk.for_each([&](std::string_view tag, const Event& event, std::uint64_t place) {
      if (!why.empty()) return;
      if (!add(tag, event)) result.add_invalid(place, event);
      if (client_.address().is_datagram() || out_.size() >= large) why = send();
    });
    if (why.empty()) why = send();
    if (why.empty()) return result;
    return {WriteResult::Status::retry, std::move(why), 0};
  }

  void interrupt() noexcept override { client_.interrupt(); }
  void stop() override { options_.protocol == Protocol::relp ? relp_.finish() : client_.finish(); }

 private:
  static constexpr std::size_t large = 64 * 1024;
  /// All of so much is answered before more is sent.
  static constexpr std::size_t large_relp = 4 * 1024 * 1024;

  static Options check(Options options, const Element& element) {
    const auto fail = [&element](std::string_view key, std::string message) {
      const Attribute* const attribute = element.find(key);
      throw ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, std::move(message));
    };
    const bool on_path = options.protocol == Protocol::unix_stream || options.protocol == Protocol::unix_datagram;
    if (on_path && options.path.empty()) fail("protocol", "the protocols unix and unixgram need `path`");
    if (!on_path && options.host.empty()) fail("host", "syslog needs `host`");
    return options;
  }

  std::unique_ptr<MessageWriter> make_writer(BuildContext& context) {
    std::unique_ptr<Formatter> formatter;
    if (options_.format.element != nullptr) formatter = context.formatter(options_.format)();
    try {
      return std::make_unique<MessageWriter>(options_, std::move(formatter));
    } catch (const std::invalid_argument& error) {
      throw ConfigError(context.element().pos, error.what());
    }
  }

  /// A peer that has closed its end would lose what is sent: the connection is made anew.
  std::string ready() {
    if (client_.connected() && client_.peer_is_there()) return {};
    return client_.connect();
  }

  bool add(std::string_view tag, const Event& event) {
    if (client_.address().is_datagram()) return writer_->append(tag, event, out_);
    if (options_.frame_type == Framing::newline) {
      if (!writer_->append(tag, event, out_)) return false;
      out_.append('\n');
      return true;
    }
    message_.clear();
    if (!writer_->append(tag, event, message_)) return false;
    out_.append(std::to_string(message_.size()));
    out_.append(' ');
    out_.append(message_.text());
    return true;
  }

  WriteResult write_relp(const Chunk& chunk) {
    WriteResult result;
    std::string why;
    std::vector<std::string> messages;
    std::size_t size = 0;
    chunk.for_each([&](std::string_view tag, const Event& event, std::uint64_t place) {
      if (!why.empty()) return;
      message_.clear();
      if (!writer_->append(tag, event, message_)) return result.add_invalid(place, event);
      messages.emplace_back(message_.text());
      size += message_.size();
      if (size < large_relp) return;
      why = relp_.send(messages);
      messages.clear();
      size = 0;
    });
    if (why.empty() && !messages.empty()) why = relp_.send(messages);
    if (why.empty()) return result;
    return {WriteResult::Status::retry, std::move(why), 0};
  }

  std::string send() {
    std::string why = out_.empty() ? std::string() : client_.send(out_.text());
    out_.clear();
    return why;
  }

  Options options_;
  std::unique_ptr<MessageWriter> writer_;
  SocketClient client_;
  RelpClient relp_{client_};
  std::mutex mutex_;  // several flush threads share the connection
  OutBuffer out_, message_;
};

}  // namespace
}  // namespace out_syslog

namespace plugins {

PluginInfo out_syslog() {
  return describe_plugin<logboom::out_syslog::SyslogOutput>(
      PluginKind::output, "syslog",
      "Sends events as syslog messages, RFC 3164 or RFC 5424, over TCP, TLS, UDP, RELP or unix sockets.",
      {"remote_syslog"});
}

}  // namespace plugins
}  // namespace logboom
