/// What a parser remembers of the last text changes no result; what is read can be printed and read again; no format
/// and no text do harm. The input is a format, a line end, and texts with line ends between.
#include <logboom/timeparse.hpp>

#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace {

using logboom::EventTime;
using logboom::TimeFormatter;
using logboom::TimeParser;
using logboom::TimeZone;

void require(bool condition) {
  if (!condition) std::abort();
}

std::int64_t clock_of_1700000000() noexcept { return 1'700'000'000; }

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t end = text.find('\n');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

void read_again(const EventTime& time) {
  if (time.sec < -60'000'000'000 || time.sec > 250'000'000'000) return;  // years of four digits
  static TimeFormatter out = TimeFormatter::compile("%Y-%m-%dT%H:%M:%S.%NZ", TimeZone::utc());
  EventTime again;
  require(logboom::parse_rfc3339(out.format(time), again) && again == time);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = lines({reinterpret_cast<const char*>(data), size});
  static const TimeZone berlin = TimeZone::named("Europe/Berlin");
  try {
    const TimeParser fresh = TimeParser::compile(texts[0], berlin, clock_of_1700000000);
    TimeParser kept = fresh;
    for (std::size_t i = 1; i < texts.size(); ++i) {
      TimeParser once = fresh;
      EventTime expected, got;
      const bool matched = once.parse(texts[i], expected);
      require(kept.parse(texts[i], got) == matched);
      if (!matched) continue;
      require(got == expected && got.nsec < 1'000'000'000);
      read_again(got);
    }
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
