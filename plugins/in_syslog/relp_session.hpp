#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <logboom/net.hpp>
#include <logboom/relp_frames.hpp>
#include <logboom/session_state.hpp>

#include "events.hpp"

namespace logboom::in_syslog {

/// One connection of a RELP sender. A message is answered when the buffers of its way have it in their own way; where
/// that can't be, the connection is closed, and the sender sends it again.
class RelpSession final : public net::Session {
 public:
  RelpSession(net::Connection& connection, Shared& shared);

  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override;
  void on_receipt(std::uint64_t token, bool confirmed) override;
  bool answers() const override { return true; }
  bool waiting() const override { return !pending_.empty(); }
  /// Whether the session is open, and what there is of a message beyond the limit.
  std::optional<std::string> hand_over() override;
  void take_over(std::string_view state) override;

 private:
  struct Pending {
    std::uint64_t token;
    std::vector<std::string> transactions;
    bool confirmed = false;
  };
  /// A message beyond the limit, which comes in pieces.
  struct Long {
    std::string transaction;
    std::string text;  // up to the limit
    std::size_t left;  // of its data, not received yet
  };
  void handle(const RelpFrame& frame, const EventTime& now);
  void add(std::string_view transaction, std::string_view text, bool cut, const EventTime& now);
  void begin_long(const RelpFrame& frame, std::size_t length);
  std::size_t take_long(std::string_view bytes, const EventTime& now);
  void answer(std::string_view transaction, std::string_view text);
  void refuse(std::string_view why);
  void end_messages();

  net::Connection& connection_;
  Shared& shared_;
  Events events_;
  std::deque<Pending> pending_;
  std::vector<std::string> transactions_;  // of the messages of this read
  std::optional<Long> long_;
  std::uint64_t token_ = 0;
  bool open_ = false;
  bool done_ = false;
};

}  // namespace logboom::in_syslog
