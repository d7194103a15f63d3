#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/relp_frames.hpp>
#include <logboom/socket_client.hpp>

namespace logboom::out_syslog {

/// A RELP sender on a connection: opens a session, sends messages, and waits until each was answered.
/// Threads: one at a time.
class RelpClient {
 public:
  explicit RelpClient(SocketClient& client) : client_(client) {}

  /// Empty, or why not all of the messages were acknowledged: then the connection is closed, and none counts as sent.
  std::string send(const std::vector<std::string>& messages);
  /// Ends the session and closes the connection.
  void finish();

 private:
  static constexpr std::size_t window = 128;  // messages without an answer, as librelp has it

  std::string open();
  std::string take_answers();
  std::string next_transaction();
  std::string fail(std::string_view why);

  SocketClient& client_;
  std::string received_;
  std::uint32_t transaction_ = 0;
  std::set<std::uint32_t> outstanding_;  // transactions without an answer
};

}  // namespace logboom::out_syslog
