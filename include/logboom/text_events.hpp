#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/batch_writer.hpp>
#include <logboom/extract.hpp>
#include <logboom/parser.hpp>

namespace logboom {

inline EventTime time_now() noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto sec = std::chrono::floor<std::chrono::seconds>(since);
  return {sec.count(), static_cast<std::uint32_t>(std::chrono::nanoseconds(since - sec).count())};
}

/// What the text inputs' sources of one input share. Outlives them. Threads: any.
struct TextEventCounts {
  explicit TextEventCounts(net::Host& host)
      : unmatched(host.dropped("unmatched")), bad_time(host.errors("bad_time")), log(host.log()) {}
  Counter& unmatched;  // texts that the parser refused, and that were not emitted as they are
  Counter& bad_time;   // records whose time could not be read: they have that of their arrival
  Log& log;
  LogLimiter limiter{std::chrono::seconds(60)};
};

/// From texts to events, as inputs do it that have `<parse>` and `<extract>`: parse, take tag and time out of the
/// record, add fields, write.
///
/// Threads: those of its source. Lifetime: not longer than the source.
class TextEvents final : private ParsedSink {
 public:
  struct Spec {
    std::string tag;
    bool emit_unmatched = false;  // as {"unmatched_line": text}
    std::string who;              // for the log: "tcp: 192.0.2.7:50123"
  };
  TextEvents(net::Source& source, std::unique_ptr<Parser> parser, Extractor extractor, TextEventCounts& counts,
             Spec spec)
      : out_(source),
        parser_(std::move(parser)),
        extractor_(std::move(extractor)),
        counts_(counts),
        spec_(std::move(spec)) {}

  /// What is added to each record from now on, instead of what was said before.
  void set_fields(std::vector<std::pair<std::string, std::string>> fields) { fields_ = std::move(fields); }

  /// The events of one text; those that have no time of their own get `now`.
  void add(std::string_view text, const EventTime& now);
  void flush() { out_.flush(); }

 private:
  void record(const std::optional<EventTime>& time, const msgpack::Value& map) override;
  void refuse(std::string_view text, std::string_view why);

  BatchWriter out_;
  std::unique_ptr<Parser> parser_;
  Extractor extractor_;
  TextEventCounts& counts_;
  Spec spec_;
  std::vector<std::pair<std::string, std::string>> fields_;
  EventTime now_;
  RecordEditor editor_;
  OutBuffer changed_;
  std::string error_;
};

}  // namespace logboom
