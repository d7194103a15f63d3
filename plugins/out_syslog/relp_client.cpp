#include "relp_client.hpp"

#include <logboom/log.hpp>

namespace logboom::out_syslog {

namespace {

constexpr std::size_t longest_answer = 64 * 1024;
constexpr std::uint32_t last_transaction = 999'999'999;

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
  std::size_t outstanding = 1;
  return take_answers(outstanding);
}

/// At least one answer, or as many as have come.
std::string RelpClient::take_answers(std::size_t& outstanding) {
  for (bool any = false; !any;) {
    if (std::string why = client_.receive(received_); !why.empty()) return why;
    std::string_view rest = received_;
    for (RelpFrame frame; !rest.empty();) {
      const RelpScan scan = scan_relp(rest, longest_answer, frame);
      if (scan == RelpScan::malformed) return fail("what it answers is not RELP");
      if (scan == RelpScan::incomplete) break;
      rest.remove_prefix(frame.size);
      if (frame.command == "serverclose") return fail("it closes the session");
      if (frame.command != "rsp" || outstanding == 0) continue;
      if (!frame.data.starts_with("200")) return fail(cat("it refuses: ", frame.data.substr(0, 100)));
      --outstanding;
      any = true;
    }
    received_.erase(0, received_.size() - rest.size());
  }
  return {};
}

std::string RelpClient::send(const std::vector<std::string>& messages) {
  if (!client_.connected() || !client_.peer_is_there()) {
    if (std::string why = open(); !why.empty()) return why;
  }
  std::size_t outstanding = 0;
  std::string frames;
  for (std::size_t next = 0; next < messages.size() || outstanding != 0;) {
    frames.clear();
    for (; next < messages.size() && outstanding < window; ++next, ++outstanding) {
      transaction_ = transaction_ == last_transaction ? 1 : transaction_ + 1;
      append_relp(frames, std::to_string(transaction_), "syslog", messages[next]);
    }
    if (!frames.empty()) {
      if (std::string why = client_.send(frames); !why.empty()) return why;
    }
    if (std::string why = take_answers(outstanding); !why.empty()) return why;
  }
  return {};
}

}  // namespace logboom::out_syslog
