#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../framer.hpp"
#include "../tag_format.hpp"

#include <logboom/syslog.hpp>

namespace {

using logboom::in_syslog::Framer;
using logboom::in_syslog::FrameType;

std::vector<std::string> frames(const Framer::Limits& limits, std::string_view stream, std::size_t step) {
  Framer framer(limits);
  std::vector<std::string> found;
  const auto keep = [&found](std::string_view text, bool) { found.emplace_back(text); };
  for (std::size_t at = 0; at < stream.size(); at += step) {
    if (!framer.feed(stream.substr(at, step), keep)) return found;
  }
  framer.finish(keep);
  return found;
}

void check_parts(std::string_view text, logboom::SyslogHost host) {
  logboom::SyslogMessage m;
  logboom::scan_any_syslog(text, host, m);
  if (m.priority > 191) std::abort();
  for (const std::string_view part : {m.time, m.host, m.ident, m.pid, m.msgid, m.data, m.message, m.sequence}) {
    if (part.data() == nullptr) continue;
    if (part.data() < text.data() || part.data() + part.size() > text.data() + text.size()) std::abort();
  }
  logboom::OutBuffer out;
  logboom::msgpack::Writer writer(out);
  if (!logboom::write_syslog_data(m.data, writer)) return;
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(out.data());
  if (logboom::msgpack::skip(begin, begin + out.size()) != begin + out.size()) std::abort();
}

}  // namespace

/// One byte of rules, then a stream: its messages don't depend on where it is cut, and each is taken apart into views
/// of itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  Framer::Limits limits;
  limits.type = static_cast<FrameType>(data[0] % 3);
  limits.longest = (data[0] & 4) != 0 ? 8 : 1000;
  if ((data[0] & 8) != 0) limits.delimiter = "\r\n";
  const std::vector<std::string> whole = frames(limits, stream, stream.size() + 1);
  // Where the connection's first bytes end says whether NUL ends its messages.
  if (stream.find('\0') == std::string_view::npos && (limits.longest > 8 || limits.delimiter.size() == 1)) {
    if (frames(limits, stream, 1) != whole || frames(limits, stream, 7) != whole) std::abort();
  }
  static const logboom::in_syslog::TagFormat format("{{.ImageName}}/{{.Name}}:{{.ID}}-{{.Command}}");
  for (const std::string& message : whole) {
    for (const auto host : {logboom::SyslogHost::guess, logboom::SyslogHost::always, logboom::SyslogHost::never}) {
      check_parts(message, host);
    }
    logboom::in_syslog::TagFormat::Field fields[4];
    format.split(message, fields);
  }
  return 0;
}
