#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <logboom/networks.hpp>
#include <logboom/text_events.hpp>

#include "options.hpp"

namespace logboom::in_tcp {

/// What the sessions of one input share. Outlives them.
struct Shared {
  Shared(const Options& given, const Networks& allowed_clients, net::Host& host)
      : options(given),
        allowed(allowed_clients),
        counts(host),
        too_long(host.dropped("too_long")),
        unterminated(host.dropped("unterminated")),
        refused(host.errors("client_refused")) {}
  const Options& options;
  const Networks& allowed;
  TextEventCounts counts;
  Counter& too_long;
  Counter& unterminated;
  Counter& refused;
};

/// Messages that a delimiter ends.
class TcpSession final : public net::Session {
 public:
  TcpSession(net::Connection& connection, Shared& shared, std::unique_ptr<Parser> parser, Extractor extractor);

  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override;
  void on_end(net::End end, std::size_t unconsumed) override;
  /// All that there is: whether the rest of a message is to be left out.
  std::optional<std::string> hand_over() override {
    return refused_ ? std::nullopt : std::optional<std::string>(skipping_ ? "skipping" : "");
  }
  void take_over(std::string_view state) override { skipping_ = state == "skipping"; }

 private:
  void message(std::string_view text, const EventTime& now);

  Shared& shared_;
  TextEvents events_;
  std::size_t looked_ = 0;  // bytes at the start of what was left in which no delimiter begins
  bool refused_ = false;
  bool skipping_ = false;  // until the next delimiter
};

}  // namespace logboom::in_tcp
