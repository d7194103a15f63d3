#include "sessions.hpp"

namespace logboom::in_syslog {

StreamSession::StreamSession(net::Connection& connection, Shared& shared, const Framer::Limits& limits)
    : connection_(connection),
      shared_(shared),
      framer_(limits),
      events_(connection, shared, cat("syslog: ", connection.peer())) {
  const std::string& address = connection.peer_address();
  if (!address.empty() && !shared.settings.allowed.allows(address, connection.peer_host())) {
    refused_ = true;
    shared.refusals.add(address);
    connection.close(net::Close::reset);
    return;
  }
  events_.set_sender(address, connection.peer_host());
}

std::size_t StreamSession::on_bytes(const SlabPtr&, std::uint8_t* data, std::size_t size) {
  if (refused_) return size;
  const EventTime now = time_now();
  const auto message = [&](std::string_view text, bool cut) { events_.add(text, cut, now); };
  if (!framer_.feed({reinterpret_cast<const char*>(data), size}, message)) {
    refused_ = true;
    shared_.bad_framing.add();
    shared_.counts.log.warn(cat("syslog: ", connection_.peer(),
                                ": no count of bytes stands where one is expected (frame_type octet_count): closed"));
    connection_.close(net::Close::reset);
  }
  if (const std::uint64_t odd = framer_.take_odd_counts(); odd != 0) note_odd_counts(odd);
  events_.flush();
  return size;
}

void StreamSession::note_odd_counts(std::uint64_t count) {
  shared_.bad_framing.add(count);
  std::uint64_t suppressed = 0;
  if (!shared_.counts.limiter.due(suppressed)) return;
  shared_.counts.log.warn(cat("syslog: ", connection_.peer(),
                              ": a message begins with a count of bytes above 16 MiB and message_length_limit: it is "
                              "taken for text (frame_type auto)"));
}

std::optional<std::string> StreamSession::hand_over() {
  if (refused_) return std::nullopt;
  StateWriter state;
  framer_.save(state);
  events_.save(state);
  return state.take();
}

void StreamSession::take_over(std::string_view state) {
  StateReader in(state);
  framer_.load(in);
  events_.load(in);
}

void StreamSession::on_end(net::End end, std::size_t) {
  if (refused_) return events_.end();
  const EventTime now = time_now();
  // A sender that is cut off sends the message again: what is there of it is none.
  const bool ended = end != net::End::peer_reset;
  std::size_t begun = 0;
  const bool lost = framer_.finish([&](std::string_view text, bool cut) {
    if (ended) return events_.add(text, cut, now);
    begun = text.size();
  });
  if (lost || begun != 0) shared_.unterminated.add();
  events_.end();
}

bool DatagramSession::is_allowed(const net::Datagram& datagram) {
  if (!on_network_) return true;
  const Senders& allowed = shared_.settings.allowed;
  const std::string& address = datagram.peer_address();
  const auto now = Senders::Clock::now();
  if (address == address_ && now < known_until_) return allowed_;
  address_ = address;
  known_until_ = now + std::chrono::seconds(1);
  static const std::string no_name;
  allowed_ = allowed.allows(address, allowed.has_wildcards() ? datagram.peer_host() : no_name);
  return allowed_;
}

void DatagramSession::on_datagram(const net::Datagram& datagram) {
  const Settings& settings = shared_.settings;
  const bool names_sender = !settings.options.source_address_key.empty() || !settings.hostname_key.empty() ||
                            settings.options.join_split_lines;
  if (!settings.allowed.everybody() && !is_allowed(datagram)) return shared_.refusals.add(address_);
  if (names_sender) {
    events_.set_sender(datagram.peer_address(), settings.hostname_key.empty() ? "" : datagram.peer_host());
  }
  if (!std::exchange(in_run_, true)) now_ = time_now();
  events_.add(datagram.text(), datagram.truncated(), now_);
}

void DatagramSession::on_pause() {
  events_.flush();
  in_run_ = false;
}

}  // namespace logboom::in_syslog
