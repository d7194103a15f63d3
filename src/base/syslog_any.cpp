#include <logboom/syslog.hpp>

#include <algorithm>

#include "base/syslog_time.hpp"

namespace logboom {
namespace {

using namespace syslog_text;

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t longest_ident = 256;

bool is_word(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == ',' || c == '@';
}

std::string_view trimmed_end(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}
void skip_blank(std::string_view& text) noexcept {
  if (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
}
void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
}

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

void take_priority(std::string_view& text, SyslogMessage& m) noexcept {
  m.priority = 13;
  if (text.empty()) return;
  if (text[0] != '<') {
    std::string_view rest = text;
    if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
    skip_blanks(rest);
    if (!rest.starts_with('<')) return;
    take_priority(rest, m);
    if (m.has_priority) text = rest;
    return;
  }
  const std::size_t n = digits(text, 1);
  if (n == 0 || n > 3 || at(text, n + 1) != '>') return;
  std::uint32_t value = 0;
  for (const char c : text.substr(1, n)) value = value * 10 + static_cast<std::uint32_t>(c - '0');
  if (value > 191) return;
  m.priority = value;
  m.has_priority = true;
  text.remove_prefix(n + 2);
}

/// The `Mon ` of `Mon Nov 23 00:33:46 2026`.
bool is_weekday(std::string_view text) noexcept {
  static constexpr std::string_view names = "MonTueWedThuFriSatSun";
  if (text.size() < 4 || text[3] != ' ') return false;
  const std::size_t found = names.find(text.substr(0, 3));
  return found != npos && found % 3 == 0;
}

/// `*` or `.` before the time: the device's clock is not set.
bool take_time(std::string_view& text, SyslogMessage& m) noexcept {
  const bool marked = at(text, 0) == '*' || at(text, 0) == '.';
  std::string_view rest = text.substr(marked ? 1 : 0);
  std::size_t size = time_length(rest, m.time_form);
  if (size == 0 && is_weekday(rest)) {
    rest.remove_prefix(4);
    size = time_length(rest, m.time_form);
  }
  if (size == 0) return false;
  m.time = rest.substr(0, size);
  text = rest.substr(size);
  return true;
}

/// What Cisco's devices put before the time: a sequence number, and perhaps a name, each with a colon.
void take_prefix(std::string_view& text, SyslogMessage& m) noexcept {
  std::string_view rest = text;
  std::string_view sequence;
  std::string_view host;
  for (int part = 0; part < 4 && !rest.empty(); ++part) {
    if (SyslogMessage found; take_time(rest, found)) {
      // A program's name before a time is no device's.
      if (sequence.empty() && !host.empty() && !rest.starts_with(':') && !rest.starts_with(" :")) break;
      m.time = found.time;
      m.time_form = found.time_form;
      m.sequence = sequence;
      m.host = host;
      text = rest;
      return;
    }
    const std::size_t colon = rest.substr(0, longest_ident).find(':');
    const std::string_view word = rest.substr(0, colon);
    if (colon == npos || word.find(' ') != npos) break;
    if (!word.empty()) (digits(word) == word.size() ? sequence : host) = word;
    rest.remove_prefix(colon + 1);
    skip_blank(rest);
  }
  if (!sequence.empty() && at(text, sequence.size() + 2) == '%') {  // a device without a clock
    m.sequence = sequence;
    text.remove_prefix(sequence.size() + 2);
  }
}

/// A name with blanks: what stands before `[123]:`.
std::size_t name_before_pid(std::string_view text) noexcept {
  const std::string_view window = text.substr(0, longest_ident);
  const std::size_t bracket = window.find('[');
  if (bracket == npos || bracket == 0 || is_blank(window[bracket - 1]) || window.find(": ") < bracket) return npos;
  const std::size_t n = digits(text, bracket + 1);
  return n != 0 && at(text, bracket + n + 1) == ']' && at(text, bracket + n + 2) == ':' ? bracket : npos;
}

/// What begins an object or an assignment is no name.
bool is_name(std::string_view text) noexcept { return !text.empty() && text.find_first_of("\"{}<>") == npos; }

/// The sender's name and process id in the first word; `used` is their length.
bool ident_in_word(std::string_view word, SyslogMessage& m, std::size_t& used) noexcept {
  const std::size_t bracket = word.find('[');
  const std::size_t close = bracket == npos ? npos : word.find(']', bracket);
  if (bracket != npos && is_name(word.substr(0, bracket)) && close != npos) {
    const std::string_view pid = word.substr(bracket + 1, close - bracket - 1);
    const bool colon = at(word, close + 1) == ':';
    if (colon || (close + 1 == word.size() && !pid.empty() && digits(pid) == pid.size())) {
      m.ident = word.substr(0, bracket);
      if (!pid.empty()) m.pid = pid;
      used = close + (colon ? 2 : 1);
      return true;
    }
  }
  if (!word.ends_with(':') || !is_name(word.substr(0, word.size() - 1))) return false;
  m.ident = word.substr(0, word.size() - 1);
  used = word.size();
  return true;
}

/// `sshd:x` and `CEF:0|…`, but no address, time or URL.
bool ident_before_colon(std::string_view word, SyslogMessage& m, std::size_t& used) noexcept {
  const std::size_t colon = word.find(':');
  if (colon == npos || colon == 0 || !is_letter(word[0]) || at(word, colon + 1) == '/') return false;
  const std::string_view name = word.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), is_word)) return false;
  m.ident = name;
  used = colon + 1;
  return true;
}

void take_ident(std::string_view text, bool words_are_names, SyslogMessage& m) noexcept {
  m.message = text;
  std::string_view rest = text;
  skip_blanks(rest);
  if (rest.starts_with(": ")) rest.remove_prefix(2);
  if (rest.starts_with("last message repeated ") || rest.starts_with("message repeated ")) return;
  const std::string_view word = rest.substr(0, std::min(rest.find_first_of(" \t"), rest.size()));
  std::size_t used = 0;
  if (!ident_in_word(word, m, used) && words_are_names) {
    if (const std::size_t name = name_before_pid(rest); name != npos) {
      m.ident = rest.substr(0, name);
      m.pid = rest.substr(name + 1, digits(rest, name + 1));
      used = name + m.pid.size() + 3;
    } else if (!ident_before_colon(word, m, used) && word.size() < rest.size() && !word.empty() &&
               (is_letter(word[0]) || word[0] == '/') && std::all_of(word.begin(), word.end(), is_word)) {
      m.ident = word;
      used = word.size();
    }
  }
  if (used == 0) return;
  rest.remove_prefix(used);
  skip_blank(rest);
  m.message = rest;
}

/// A first word is the host, unless it is the sender's name. `tabs`: a tab ends it too.
void take_host(std::string_view& text, SyslogHost host, bool tabs, SyslogMessage& m) noexcept {
  if (host == SyslogHost::never || text.starts_with("last message repeated ")) return;
  static constexpr std::string_view forwarded = "Message forwarded from ";  // AIX
  if (text.starts_with(forwarded)) {
    const std::size_t colon = text.find(": ", forwarded.size());
    if (colon == npos) return;
    m.host = text.substr(forwarded.size(), colon - forwarded.size());
    text.remove_prefix(colon + 2);
    return;
  }
  const std::size_t blank = tabs ? text.find_first_of(" \t") : text.find(' ');
  if (blank == npos || blank == 0) return;
  const std::string_view word = text.substr(0, blank);
  if (host == SyslogHost::guess) {
    if (word.ends_with(':') && !word.ends_with("::")) return;
    if (word.find('[') != npos || word[0] == '%') return;
  }
  m.host = word;
  text.remove_prefix(blank + 1);
}

/// What a relay has put its own time and host before: a device's sequence number, and its time, which counts if its
/// clock is set.
void take_relayed(std::string_view& text, SyslogMessage& m) noexcept {
  const std::size_t n = digits(text);
  if (at(text, n) != ':') return;
  std::string_view rest = text.substr(n + 1);
  skip_blanks(rest);
  const bool is_sure = is_letter(at(rest, 0)) || is_digit(at(rest, 0));
  SyslogMessage own;
  if (take_time(rest, own)) {
    skip_blanks(rest);
    if (!rest.starts_with(':')) return;
    rest.remove_prefix(1);
    skip_blank(rest);
    if (is_sure) {
      m.time = own.time;
      m.time_form = own.time_form;
    }
  } else if (at(rest, 0) != '%') {
    return;
  }
  m.sequence = text.substr(0, n);
  text = rest;
}

void scan_rfc3164(std::string_view text, SyslogHost host, SyslogMessage& m) noexcept {
  const std::string_view all = text;
  skip_blanks(text);
  if (!take_time(text, m)) take_prefix(text, m);
  if (m.time.data() == nullptr) {
    if (m.has_priority) {
      take_ident(m.sequence.data() != nullptr ? text : all, false, m);
    } else {
      m.message = all;
    }
    return;
  }
  if (text.starts_with(':')) {  // a device's
    text.remove_prefix(1);
    skip_blank(text);
    return take_ident(text, true, m);
  }
  const bool tabs = at(text, 0) == '\t';
  skip_blanks(text);
  if (m.host.data() == nullptr) take_host(text, host, tabs, m);
  if (is_digit(at(text, 0))) take_relayed(text, m);
  take_ident(text, true, m);
}

std::string_view take_word(std::string_view& text) noexcept {
  if (text.empty()) return {};
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, blank);
  text.remove_prefix(std::min(blank + 1, text.size()));
  return word;
}

/// The structured data and the message behind it. False where there is no structured data.
bool take_data(std::string_view text, SyslogMessage& m) noexcept {
  const std::size_t size = at(text, 0) == '-' ? 1 : syslog_data_length(text);
  if (size == 0 || (size < text.size() && text[size] != ' ')) return false;
  m.data = text.substr(0, size);
  text.remove_prefix(size);
  if (text.empty()) return true;
  text.remove_prefix(1);
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  m.message = text;
  return true;
}

/// Docker sends its tag as the name and as the message id, whatever it holds: `TAG 123 TAG - message`.
bool take_blank_names(std::string_view text, SyslogMessage& m) noexcept {
  for (std::size_t i = text.find(' '); i != npos && i < longest_ident; i = text.find(' ', i + 1)) {
    const std::size_t n = digits(text, i + 1);
    const std::string_view name = text.substr(0, i);
    const std::string_view rest = text.substr(i + 1 + n);
    if (n == 0 || !rest.starts_with(' ') || rest.substr(1, i) != name || at(rest, i + 1) != ' ') continue;
    if (!take_data(rest.substr(i + 2), m)) continue;
    m.ident = name;
    m.pid = text.substr(i + 1, n);
    m.msgid = rest.substr(1, i);
    return true;
  }
  return false;
}

bool scan_rfc5424(std::string_view text, SyslogMessage& m) noexcept {
  const std::size_t n = digits(text);
  if (n == 0 || n > 3 || text[0] == '0' || at(text, n) != ' ') return false;
  text.remove_prefix(n + 1);
  m.time = take_word(text);
  m.time_form = SyslogMessage::Time::iso8601;
  SyslogMessage::Time form{};
  if (m.time != "-" && year_first_length(m.time, form) != m.time.size()) return m.time = {}, false;
  m.is_rfc5424 = true;
  m.host = take_word(text);
  const std::string_view behind_host = text;
  m.ident = take_word(text);
  m.pid = take_word(text);
  m.msgid = take_word(text);
  if (take_data(text, m) || take_blank_names(behind_host, m)) return true;
  if (!text.empty()) m.message = text;  // a sender that leaves its structured data out
  return true;
}

}  // namespace

void scan_any_syslog(std::string_view text, SyslogHost host, SyslogMessage& m) noexcept {
  m = {};
  text = trimmed_end(text);
  take_priority(text, m);
  if (m.has_priority && scan_rfc5424(text, m)) return;
  scan_rfc3164(text, host, m);
}

}  // namespace logboom
