#include "relp_client.hpp"

#include <charconv>

#include <logboom/log.hpp>

namespace logboom::out_syslog {

namespace {

constexpr std::size_t longest_answer = 64 * 1024;
constexpr std::chrono::milliseconds longest_end{1000};
constexpr std::uint32_t last_transaction = 999'999'999;

std::uint32_t number_of(const RelpFrame& frame) {
  std::uint32_t number = 0;
  std::from_chars(frame.transaction.data(), frame.transaction.data() + frame.transaction.size(), number);
  return number;
}

}  // namespace

std::string RelpClient::fail(std::string_view why) {
  client_.close();
  return cat(client_.address().to_string(), ": ", why);
}

std::string RelpClient::open() {
  received_.clear();
  transaction_ = 1;
  if (std::string why = client_.connect(); !why.empty()) return why;
  std::string frame;
  append_relp(frame, "1", "open", "relp_version=0\nrelp_software=logboom\ncommands=syslog");
  if (std::string why = client_.send(frame); !why.empty()) return why;
  outstanding_ = {1};
  return take_answers();
}

/// At least one answer, or as many as have come. What answers nothing that was asked is no answer.
std::string RelpClient::take_answers() {
  for (bool any = false; !any;) {
    if (std::string why = client_.receive(received_); !why.empty()) return why;
    std::string_view rest = received_;
    for (RelpFrame frame; !rest.empty();) {
      const RelpScan scan = scan_relp(rest, longest_answer, frame);
      if (scan == RelpScan::malformed) return fail("what it answers is not RELP");
      if (scan == RelpScan::incomplete) break;
      rest.remove_prefix(frame.size);
      if (frame.command == "serverclose") return fail("it closes the session");
      if (frame.command != "rsp" || outstanding_.erase(number_of(frame)) == 0) continue;
      if (!frame.data.starts_with("200")) return fail(cat("it refuses: ", frame.data.substr(0, 100)));
      any = true;
    }
    received_.erase(0, received_.size() - rest.size());
  }
  return {};
}

std::string RelpClient::next_transaction() {
  transaction_ = transaction_ == last_transaction ? 1 : transaction_ + 1;
  outstanding_.insert(transaction_);
  return std::to_string(transaction_);
}

std::string RelpClient::send(const std::vector<std::string>& messages) {
  if (!client_.connected() || !client_.peer_is_there()) {
    if (std::string why = open(); !why.empty()) return why;
  }
  outstanding_.clear();
  std::string frames;
  for (std::size_t next = 0; next < messages.size() || !outstanding_.empty();) {
    frames.clear();
    for (; next < messages.size() && outstanding_.size() < window; ++next) {
      append_relp(frames, next_transaction(), "syslog", messages[next]);
    }
    if (!frames.empty()) {
      if (std::string why = client_.send(frames); !why.empty()) return why;
    }
    if (std::string why = take_answers(); !why.empty()) return why;
  }
  return {};
}

void RelpClient::finish() {
  if (client_.connected() && client_.peer_is_there()) {
    outstanding_.clear();
    std::string frame;
    append_relp(frame, next_transaction(), "close", "");
    if (client_.send(frame).empty()) client_.receive(received_, longest_end);
  }
  client_.finish();
}

}  // namespace logboom::out_syslog
