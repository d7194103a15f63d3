#include <logboom/ascii.hpp>
#include <logboom/syslog.hpp>

#include <algorithm>

namespace logboom {
namespace {

std::size_t digits(std::string_view text) noexcept {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

std::string_view without_line_end(std::string_view text) noexcept {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// Takes the word up to the next blank, and the blank. False where there is no blank.
bool take_word(std::string_view& text, std::string_view& word) noexcept {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return false;
  word = text.substr(0, blank);
  text.remove_prefix(blank + 1);
  return true;
}

const char* take_priority(std::string_view& text, const SyslogRules& rules, SyslogMessage& message) noexcept {
  const std::size_t n = text.starts_with('<') ? digits(text.substr(1)) : 0;
  const bool is_there = n != 0 && n + 1 < text.size() && text[n + 1] == '>';
  if (!rules.with_priority) {
    return is_there ? "it begins with a priority such as <34>: give with_priority true" : nullptr;
  }
  if (!is_there || n > 9) return "it does not begin with a priority such as <34>";
  message.has_priority = true;
  message.priority = 0;
  for (const char c : text.substr(1, n)) message.priority = message.priority * 10 + static_cast<std::uint32_t>(c - '0');
  text.remove_prefix(n + 2);
  return nullptr;
}

/// The length of the version at the beginning, which a blank must follow; 0 where there is none.
std::size_t version(std::string_view text) noexcept {
  const std::size_t n = digits(text);
  return n >= 1 && n <= 3 && text[0] != '0' && n < text.size() && text[n] == ' ' ? n : 0;
}

bool take_visible(std::string_view& text, std::string_view& word, std::size_t longest) noexcept {
  if (!take_word(text, word) || word.empty() || word.size() > longest) return false;
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= '!' && c <= '~'; });
}

/// Takes the structured data: it ends at the first `]` without a backslash before it that a blank or the end follows.
bool take_data(std::string_view& text, std::string_view& data) noexcept {
  const auto is_end = [text](std::size_t at) { return at == text.size() || (text[at] == ' ' && at + 1 < text.size()); };
  std::size_t size = 0;
  if (text.starts_with('-') && is_end(1)) {
    size = 1;
  } else if (text.starts_with('[')) {
    std::size_t at = text.find(']', 1);
    while (at != std::string_view::npos && (text[at - 1] == '\\' || !is_end(at + 1))) at = text.find(']', at + 1);
    if (at != std::string_view::npos) size = at + 1;
  }
  data = text.substr(0, size);
  text.remove_prefix(size);
  return size != 0;
}

const char* scan_rfc5424(std::string_view text, SyslogMessage& m) noexcept {
  if (m.has_priority) {
    const std::size_t n = version(text);
    if (n == 0) return "no version stands behind the priority, as RFC 5424 has it";
    text.remove_prefix(n + 1);
  }
  if (!take_word(text, m.time) || m.time.empty()) return "no time";
  m.time_form = SyslogMessage::Time::iso8601;
  if (!take_visible(text, m.host, 255)) return "no host name of 1 to 255 visible ASCII characters";
  if (!take_visible(text, m.ident, 48)) return "no application name of 1 to 48 visible ASCII characters";
  if (!take_visible(text, m.pid, 128)) return "no process id of 1 to 128 visible ASCII characters";
  if (!take_visible(text, m.msgid, 32)) return "no message id of 1 to 32 visible ASCII characters";
  if (!take_data(text, m.data)) return "no structured data: neither - nor [id name=\"value\"]";
  if (!text.empty()) m.message = without_line_end(text.substr(1));
  return nullptr;
}

/// Takes the time off the text, and the blank behind it.
const char* take_time(std::string_view& text, SyslogMessage& m) noexcept {
  constexpr const char* missing = "no time such as \"Nov  5 22:13:20\"";
  const std::string_view all = text;
  std::string_view word;
  if (!take_word(text, word) || word.empty()) return missing;
  if (is_digit(word[0]) && word.size() >= 10 && word[4] == '-' && word[7] == '-') {
    m.time_form = SyslogMessage::Time::iso8601;
    m.time = word;
    return nullptr;
  }
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (!take_word(text, word) || !take_word(text, word)) return missing;
  m.time_form = SyslogMessage::Time::classic;
  const bool is_year = word.size() == 4 && digits(word) == 4;
  const std::size_t colon = is_year ? text.find(':') : std::string_view::npos;
  if (colon != std::string_view::npos && colon != 0 && digits(text) == colon) {
    if (!take_word(text, word)) return missing;
    if (word.ends_with(':')) word.remove_suffix(1);  // Cisco's
    m.time_form = SyslogMessage::Time::with_year;
  }
  m.time = {all.data(), static_cast<std::size_t>(word.data() + word.size() - all.data())};
  return nullptr;
}

/// "[123]" at the beginning is taken.
void take_pid(std::string_view& text, SyslogMessage& m) noexcept {
  if (!text.starts_with('[')) return;
  const std::size_t n = digits(text.substr(1));
  if (n == 0 || n + 1 >= text.size() || text[n + 1] != ']') return;
  m.pid = text.substr(1, n);
  text.remove_prefix(n + 2);
}

void take_ident(std::string_view& text, SyslogMessage& m) noexcept {
  const std::size_t end = std::min(text.find_first_of(" :["), text.size());
  m.ident = text.substr(0, end);
  text.remove_prefix(end);
  take_pid(text, m);
  const std::size_t colon = text.substr(0, text.find('\n')).find(':');
  if (colon != std::string_view::npos) text.remove_prefix(colon + 1);
  while (text.starts_with(' ')) text.remove_prefix(1);
}

void take_ident_word(std::string_view& text, const SyslogRules& rules, SyslogMessage& m) noexcept {
  std::string_view rest = text;
  std::string_view word;
  if (!take_word(rest, word)) return;
  const bool has_colon = word.ends_with(':');
  if (!has_colon && !rules.colonless_ident) return;
  text = rest;
  if (has_colon) word.remove_suffix(1);
  const std::size_t bracket = word.find('[');
  if (word.ends_with(']') && bracket != std::string_view::npos) {
    m.pid = word.substr(bracket + 1, word.size() - bracket - 2);
    word = word.substr(0, bracket);
  }
  m.ident = word;
}

/// A word that ends in a colon is no host: the sender left it out, as Docker's syslog driver does. An IPv6 address may
/// end in two.
bool is_ident(std::string_view word) noexcept {
  return word.ends_with(':') && !word.ends_with("::") && word.size() > 1;
}

const char* scan_rfc3164(std::string_view text, const SyslogRules& rules, SyslogMessage& m) noexcept {
  if (const char* error = take_time(text, m)) return error;
  text = without_line_end(text);
  std::string_view rest = text;
  std::string_view word = text;
  const bool has_more = take_word(rest, word);
  if (!is_ident(word)) {
    if (!has_more) return "neither host nor sender stand behind the time";
    m.host = word;
    text = rest;
  }
  if (rules.ident_is_word) {
    take_ident_word(text, rules, m);
  } else {
    take_ident(text, m);
  }
  m.message = text;
  return nullptr;
}

}  // namespace

const char* scan_syslog(std::string_view text, const SyslogRules& rules, SyslogMessage& message) noexcept {
  message = {};
  if (const char* error = take_priority(text, rules, message)) return error;
  message.is_rfc5424 = rules.format == SyslogFormat::rfc5424 ||
                       (rules.format == SyslogFormat::automatic && message.has_priority && version(text) != 0);
  return message.is_rfc5424 ? scan_rfc5424(text, message) : scan_rfc3164(text, rules, message);
}

}  // namespace logboom
