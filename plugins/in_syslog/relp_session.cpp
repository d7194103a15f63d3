#include "relp_session.hpp"

#include <algorithm>
#include <utility>

namespace logboom::in_syslog {

namespace {

// No message is longer: what says that it is, is no sender of messages.
constexpr std::size_t longest_message = std::size_t{128} << 20;
// Of the other commands' data, such as a session's offers, whatever the limit of messages is.
constexpr std::size_t longest_offer = 4096;

}  // namespace

RelpSession::RelpSession(net::Connection& connection, Shared& shared)
    : connection_(connection), shared_(shared), events_(connection, shared, cat("syslog: ", connection.peer())) {
  const std::string& address = connection.peer_address();
  if (!address.empty() && !shared.settings.allowed.allows(address, connection.peer_host())) {
    done_ = true;
    shared.refusals.add(address);
    connection.close(net::Close::reset);
    return;
  }
  events_.set_sender(address, connection.peer_host());
  events_.never_join();
  connection.prompt();
}

std::size_t RelpSession::on_bytes(const SlabPtr&, std::uint8_t* data, std::size_t size) {
  const EventTime now = time_now();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!done_ && !rest.empty()) {
    if (long_) {
      rest.remove_prefix(take_long(rest, now));
      continue;
    }
    RelpFrame frame;
    std::size_t length = 0;
    RelpScan scan = scan_relp_head(rest, frame, length);
    const std::size_t limit = shared_.settings.stream_limit();
    if (scan == RelpScan::complete && length > limit && length <= longest_message && frame.command == "syslog") {
      begin_long(frame, length);
      rest.remove_prefix(frame.size);
      continue;
    }
    if (scan == RelpScan::complete) scan = scan_relp(rest, std::max(limit, longest_offer), frame);
    if (scan == RelpScan::malformed) refuse("what it sends is no frame of RELP");
    if (scan != RelpScan::complete) break;
    rest.remove_prefix(frame.size);
    handle(frame, now);
  }
  connection_.holds(long_ ? long_->text.size() : 0);
  end_messages();
  return done_ ? size : size - rest.size();
}

void RelpSession::handle(const RelpFrame& frame, const EventTime& now) {
  if (frame.command == "open") {
    if (std::exchange(open_, true)) return refuse("it opens a session twice");
    return answer(frame.transaction, "200 OK\nrelp_version=0\nrelp_software=logboom\ncommands=syslog");
  }
  if (frame.command == "close") {
    end_messages();
    done_ = true;
    answer(frame.transaction, "");
    std::string last;
    append_relp(last, "0", "serverclose", "");
    connection_.send(last);
    return connection_.close(net::Close::finish);
  }
  if (frame.command != "syslog") return answer(frame.transaction, "500 unknown command");
  add(frame.transaction, frame.data, false, now);
}

void RelpSession::add(std::string_view transaction, std::string_view text, bool cut, const EventTime& now) {
  if (!open_) return refuse("it sends messages before it opens a session");
  if (transactions_.empty()) events_.begin_receipt(connection_.receipt(++token_));
  transactions_.emplace_back(transaction);
  events_.add(text, cut, now);
}

void RelpSession::begin_long(const RelpFrame& frame, std::size_t length) {
  if (!open_) return refuse("it sends messages before it opens a session");
  long_ = Long{std::string(frame.transaction), {}, length};
}

/// Keeps what the limit leaves room for and passes over the rest: a sender that were refused would send it again for
/// ever. Returns how much of `bytes` was of the message.
std::size_t RelpSession::take_long(std::string_view bytes, const EventTime& now) {
  Long& message = *long_;
  const std::size_t here = std::min(message.left, bytes.size());
  message.text.append(bytes.substr(0, std::min(here, shared_.settings.stream_limit() - message.text.size())));
  message.left -= here;
  if (here == bytes.size()) return here;
  if (bytes[here] != '\n') {
    refuse("what it sends is no frame of RELP");
    return here;
  }
  add(message.transaction, message.text, true, now);
  long_.reset();
  return here + 1;
}

std::optional<std::string> RelpSession::hand_over() {
  if (done_) return std::nullopt;
  if (!long_) return open_ ? "open" : "";
  StateWriter state;
  state.put(long_->transaction);
  state.put(long_->text);
  state.put(long_->left);
  return "within" + state.take();
}

void RelpSession::take_over(std::string_view state) {
  open_ = !state.empty();
  constexpr std::string_view within = "within";
  if (!state.starts_with(within)) return;
  StateReader in(state.substr(within.size()));
  Long message{std::string(in.text()), std::string(in.text()), 0};
  message.left = static_cast<std::size_t>(in.number());
  if (message.text.size() > shared_.settings.stream_limit()) message.text.resize(shared_.settings.stream_limit());
  long_ = std::move(message);
}

/// The messages of one read share one promise.
void RelpSession::end_messages() {
  if (transactions_.empty()) return;
  pending_.push_back({token_, std::exchange(transactions_, {})});
  events_.end_receipt();
}

void RelpSession::on_receipt(std::uint64_t token, bool confirmed) {
  if (!confirmed) {
    shared_.unconfirmed.add();
    pending_.clear();
    done_ = true;
    return connection_.close(net::Close::reset);
  }
  for (Pending& pending : pending_) pending.confirmed = pending.confirmed || pending.token == token;
  while (!pending_.empty() && pending_.front().confirmed) {
    for (const std::string& transaction : pending_.front().transactions) answer(transaction, "200 OK");
    pending_.pop_front();
  }
}

void RelpSession::answer(std::string_view transaction, std::string_view text) {
  std::string frame;
  append_relp(frame, transaction, "rsp", text);
  connection_.send(frame);
}

void RelpSession::refuse(std::string_view why) {
  done_ = true;
  shared_.bad_framing.add();
  shared_.counts.log.warn(cat("syslog: ", connection_.peer(), ": ", why, ": closed"));
  connection_.close(net::Close::reset);
}

}  // namespace logboom::in_syslog
