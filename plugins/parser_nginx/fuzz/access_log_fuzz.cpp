/// The scanner takes a line apart as the regular expressions do, for both servers.
#include <logboom/access_log.hpp>
#include <logboom/regexp.hpp>

#include <cstdint>
#include <cstdlib>

namespace {

using namespace logboom;

void compare(const Regexp& regexp, AccessServer server, std::string_view text) {
  static MatchRegion region;
  AccessLine line;
  if (!scan_access_line(text, server, line)) return;
  if (regexp.search(text, region) != SearchResult::match) std::abort();
  const std::optional<std::string_view> fields[] = {line.remote,  line.host,  line.user,         line.time,
                                                    line.method,  line.path,  line.code,         line.size,
                                                    line.referer, line.agent, line.forwarded_for};
  for (std::size_t i = 0; i < std::size(fields); ++i) {
    if (fields[i] != region.group(i + 1)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Regexp nginx = Regexp::compile(
      R"re(^(?<a>[^ ]*) (?<b>[^ ]*) (?<c>[^ ]*) \[(?<d>[^\]]*)\] "(?<e>\S+)(?: +(?<f>[^\"]*?)(?: +\S*)?)?" (?<g>[^ ]*) (?<h>[^ ]*)(?: "(?<i>[^\"]*)" "(?<j>[^\"]*)"(?:\s+(?<k>[^ ]+))?)?$)re");
  static const Regexp apache = Regexp::compile(
      R"re(^(?<a>[^ ]*) (?<b>[^ ]*) (?<c>[^ ]*) \[(?<d>[^\]]*)\] "(?<e>\S+)(?: +(?<f>(?:[^\"]|\\.)*?)(?: +\S*)?)?" (?<g>[^ ]*) (?<h>[^ ]*)(?: "(?<i>(?:[^\"]|\\.)*)" "(?<j>(?:[^\"]|\\.)*)")?$)re");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > 4096) return 0;
  compare(nginx, AccessServer::nginx, text);
  compare(apache, AccessServer::apache, text);
  return 0;
}
