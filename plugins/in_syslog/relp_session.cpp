#include "relp_session.hpp"

#include <utility>

namespace logboom::in_syslog {

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
    RelpFrame frame;
    const RelpScan scan = scan_relp(rest, shared_.settings.stream_limit(), frame);
    if (scan == RelpScan::malformed) refuse("what it sends is no frame of RELP, or one beyond message_length_limit");
    if (scan != RelpScan::complete) break;
    rest.remove_prefix(frame.size);
    handle(frame, now);
  }
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
  if (!open_) return refuse("it sends messages before it opens a session");
  if (transactions_.empty()) events_.begin_receipt(connection_.receipt(++token_));
  transactions_.emplace_back(frame.transaction);
  events_.add(frame.data, false, now);
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
