#include <logboom/syslog.hpp>

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <unordered_map>

namespace logboom {
namespace {

struct Parameter {
  std::string_view name;
  std::string_view value;  // escapes as they stand
};

/// One element `[id name="value" …]` at the beginning of `text`, whose parameters are given to `visit` one by one.
/// Returns its length, 0 where there is none.
template <class Visit>
std::size_t read_element(std::string_view text, std::string_view& id, Visit&& visit) noexcept {
  if (!text.starts_with('[')) return 0;
  std::size_t at = text.find_first_of(" ]=\"", 1);
  if (at == std::string_view::npos || at == 1 || (text[at] != ' ' && text[at] != ']')) return 0;
  id = text.substr(1, at - 1);
  while (text[at] == ' ') {
    while (at < text.size() && text[at] == ' ') ++at;
    if (at < text.size() && text[at] == ']') break;
    const std::size_t equals = text.find_first_of(" ]=\"", at);
    if (equals == std::string_view::npos || equals == at || text[equals] != '=') return 0;
    const std::string_view name = text.substr(at, equals - at);
    const std::size_t begin = equals + 2;
    if (begin > text.size() || text[begin - 1] != '"') return 0;
    at = begin;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2U : 1U;
    if (at + 1 >= text.size()) return 0;
    visit(Parameter{name, text.substr(begin, at - begin)});
    ++at;
  }
  return text[at] == ']' ? at + 1 : 0;
}

/// Backslashes before `"`, `\` and `]` go; others stay, as RFC 5424, section 6.3.3, says.
void write_value(std::string_view value, msgpack::Writer& out, OutBuffer& scratch) {
  if (value.find('\\') == std::string_view::npos) return out.string(value);
  scratch.clear();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char next = i + 1 < value.size() ? value[i + 1] : '\0';
    if (value[i] == '\\' && (next == '"' || next == '\\' || next == ']')) ++i;
    scratch.append(value[i]);
  }
  out.string(scratch.text());
}

/// The parameters of one element; beyond this many, those with one name are not looked for.
constexpr std::size_t most_parameters = 64;

struct Element {
  std::string_view id;
  std::array<Parameter, most_parameters> parameters;
  std::size_t count = 0;

  void add(const Parameter& parameter) noexcept {
    if (count < most_parameters) parameters[count++] = parameter;
  }
};

std::size_t values_of(const Element& element, std::string_view name) noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < element.count; ++i) n += element.parameters[i].name == name ? 1U : 0U;
  return n;
}
bool is_first(const Element& element, std::size_t index) noexcept {
  for (std::size_t i = 0; i < index; ++i) {
    if (element.parameters[i].name == element.parameters[index].name) return false;
  }
  return true;
}

void write_element(const Element& element, msgpack::Writer& out, OutBuffer& scratch) {
  std::uint32_t names = 0;
  for (std::size_t i = 0; i < element.count; ++i) names += is_first(element, i) ? 1U : 0U;
  out.string(element.id);
  out.map(names);
  for (std::size_t i = 0; i < element.count; ++i) {
    if (!is_first(element, i)) continue;
    const std::string_view name = element.parameters[i].name;
    const std::size_t values = values_of(element, name);
    out.string(name);
    if (values > 1) out.array(static_cast<std::uint32_t>(values));
    for (std::size_t k = i; k < element.count; ++k) {
      if (element.parameters[k].name == name) write_value(element.parameters[k].value, out, scratch);
    }
  }
}

/// An element where it stands.
struct Part {
  std::string_view id;
  std::string_view text;
};
using Parts = boost::container::small_vector<Part, 8>;

/// Puts the elements of one id next to one another, in the order in which the ids came first.
void join_ids(Parts& parts) {
  std::unordered_map<std::string_view, const char*> first;
  for (const Part& part : parts) first.try_emplace(part.id, part.text.data());
  if (first.size() == parts.size()) return;
  std::stable_sort(parts.begin(), parts.end(),
                   [&first](const Part& a, const Part& b) { return first[a.id] < first[b.id]; });
}

Parts parts_of(std::string_view data) {
  Parts parts;
  for (std::string_view rest = data; !rest.empty();) {
    Part& part = parts.emplace_back();
    part.text = rest.substr(0, read_element(rest, part.id, [](const Parameter&) {}));
    rest.remove_prefix(part.text.size());
  }
  if (parts.size() > 2 || (parts.size() == 2 && parts[0].id == parts[1].id)) join_ids(parts);
  return parts;
}

}  // namespace

std::size_t syslog_data_length(std::string_view text) noexcept {
  std::size_t size = 0;
  std::string_view id;
  for (;;) {
    const std::size_t one = read_element(text.substr(size), id, [](const Parameter&) {});
    if (one == 0) return size;
    size += one;
  }
}

bool write_syslog_data(std::string_view data, msgpack::Writer& out) {
  if (data.empty() || syslog_data_length(data) != data.size()) return false;
  const Parts parts = parts_of(data);
  std::uint32_t ids = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) ids += i == 0 || parts[i].id != parts[i - 1].id ? 1U : 0U;
  out.map(ids);
  OutBuffer scratch;
  for (std::size_t i = 0; i < parts.size();) {
    Element element;
    const std::size_t begin = i;
    for (; i < parts.size() && parts[i].id == parts[begin].id; ++i) {
      read_element(parts[i].text, element.id, [&element](const Parameter& parameter) { element.add(parameter); });
    }
    write_element(element, out, scratch);
  }
  return true;
}

std::string_view syslog_facility_name(unsigned facility) noexcept {
  static constexpr std::array<std::string_view, syslog_facilities> names{
      "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
      "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "at",
      "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
  return names[facility];
}

std::string_view syslog_severity_name(unsigned severity) noexcept {
  static constexpr std::array<std::string_view, 8> names{"emerg", "alert",  "crit", "err",
                                                         "warn",  "notice", "info", "debug"};
  return names[severity];
}

}  // namespace logboom
