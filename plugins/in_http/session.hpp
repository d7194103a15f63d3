#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <logboom/compress.hpp>
#include <logboom/net.hpp>

#include "events.hpp"
#include "options.hpp"
#include "request.hpp"

namespace logboom::in_http {

/// What the sessions of one input share. Outlives them.
struct Shared {
  Shared(const Options& given, const Extractor& extract, RequestEvents::ParserFactory parse, net::Host& host)
      : options(given),
        extractor(extract),
        parsers(std::move(parse)),
        log(host.log()),
        budget(host.decompress_budget()),
        refused(host.errors("refused_request")),
        bad_time(host.errors("bad_time")) {}
  const Options& options;
  const Extractor& extractor;
  RequestEvents::ParserFactory parsers;
  Log& log;
  DecompressBudget& budget;
  Counter& refused;  // requests that were answered with an error
  Counter& bad_time;
  LogLimiter limiter{std::chrono::seconds(60)};
};

/// One connection. Each request is answered in its turn: where it brings events, when they are safe.
class HttpSession final : public net::Session {
 public:
  HttpSession(net::Connection& connection, Shared& shared);

  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override;
  void on_receipt(std::uint64_t token, bool confirmed) override;
  void on_timer() override;
  bool answers() const override { return true; }
  bool waiting() const override { return !owed_.empty(); }
  bool pause() override {
    pausing_ = true;
    return !in_request_;
  }
  void go_on() override { pausing_ = false; }
  /// Between two requests there is nothing to know.
  std::optional<std::string> hand_over() override {
    return in_request_ || discarding_ ? std::nullopt : std::optional<std::string>("");
  }

 private:
  struct Answer {
    unsigned status = 200;
    std::string headers;  // further ones, with their line ends
    std::string type = "text/plain";
    std::string body;
  };
  /// An answer that is owed; empty until it is known.
  struct Owed {
    std::string answer;
    bool keep_alive = true;
    bool head = false;
    std::string cors;
  };

  void check_expectation();
  void handle(Request request);
  void take_events(Request& request);
  void preflight(const Request& request);
  bool allows_origin(std::string_view origin) const;
  std::string cors_headers(std::string_view origin) const;
  bool decompress(Request& request, Answer& error);
  Answer success() const;
  void answer(Owed& owed, const Answer& answer);
  void refuse(Answer answer);
  void give_up(unsigned status, std::string_view why);
  void send_answers();

  using Clock = std::chrono::steady_clock;
  net::Connection& connection_;
  Shared& shared_;
  RequestReader reader_;
  RequestEvents events_;
  std::deque<Owed> owed_;
  std::uint64_t first_token_ = 0;  // of the first that is owed
  bool continue_owed_ = false;     // 100, as soon as all that came before is answered
  bool in_request_ = false;        // a part of one is taken
  bool pausing_ = false;           // none is begun
  bool discarding_ = false;        // what comes is not looked at
  bool broken_ = false;            // because it can't be understood
  Clock::time_point last_bytes_ = Clock::now();
};

}  // namespace logboom::in_http
