#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <logboom/syslog.hpp>

/// One byte of rules, then a message. Each part is a view into the text, and the parts stand one behind the other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  logboom::SyslogRules rules;
  rules.format = static_cast<logboom::SyslogFormat>(data[0] % 3);
  rules.with_priority = (data[0] & 4) != 0;
  rules.ident_is_word = (data[0] & 8) != 0;
  rules.colonless_ident = (data[0] & 16) != 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  logboom::SyslogMessage m;
  if (logboom::scan_syslog(text, rules, m) != nullptr) return 0;
  const char* at = text.data();
  for (const std::string_view part : {m.time, m.host, m.ident, m.pid, m.msgid, m.data, m.message}) {
    if (part.data() == nullptr) continue;
    if (part.data() < at || part.data() + part.size() > text.data() + text.size()) std::abort();
    at = part.data() + part.size();
  }
  if (m.is_rfc5424 ? m.data.empty() : m.message.data() == nullptr) std::abort();
  return 0;
}
