#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/testing.hpp>

#include "../relp_session.hpp"

namespace {

using namespace logboom;
using in_syslog::RelpSession;
using in_syslog::Settings;
using in_syslog::Shared;

struct Outcome {
  std::vector<std::string> events;
  std::vector<std::string> answers;  // sorted: those of messages wait until these are safe
  bool open = true;
  std::uint64_t cut = 0;
};

Settings settings_of(std::size_t limit) {
  Settings settings;
  settings.options.tag = "t";
  settings.options.message_length_limit = ByteSize{limit};
  settings.parser.with_priority = true;
  settings.set_names();
  return settings;
}

Outcome run(std::size_t limit, std::string_view stream, std::size_t step) {
  static const Settings small = settings_of(8);
  static const Settings usual = settings_of(1000);
  testing::FakeHost host;
  Shared shared(limit == 8 ? small : usual, host);
  testing::SessionDriver driver(
      [&shared](net::Connection& connection) { return std::make_unique<RelpSession>(connection, shared); });
  for (std::size_t at = 0; at < stream.size(); at += step) driver.feed(stream.substr(at, step));
  Outcome outcome;
  for (const testing::Row& row : driver.connection().rows()) outcome.events.push_back(row.tag + row.record);
  outcome.answers = driver.connection().sent();
  std::sort(outcome.answers.begin(), outcome.answers.end());
  outcome.open = !driver.connection().closed();
  outcome.cut = host.errors("message_cut").value();
  // What is not consumed is one frame that is not whole: it is bounded.
  if (outcome.open && driver.residue() > std::max<std::size_t>(limit, 4096) + 64) std::abort();
  return outcome;
}

}  // namespace

/// One byte of limits, then a stream: its messages and answers don't depend on where it is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t limit = (data[0] & 1) != 0 ? 8 : 1000;
  const Outcome whole = run(limit, stream, stream.size() + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const Outcome cut = run(limit, stream, step);
    if (cut.events != whole.events || cut.open != whole.open || cut.cut != whole.cut) std::abort();
    if (whole.open && cut.answers != whole.answers) std::abort();
  }
  return 0;
}
