#include "message.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include <logboom/json.hpp>
#include <logboom/log.hpp>
#include <logboom/syslog.hpp>
#include <logboom/value_text.hpp>

namespace logboom::out_syslog {

namespace {

constexpr std::size_t longest_datagram = 65000;

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string host_of_this_machine() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

TimeZone zone(const Options& options) {
  return options.timezone.empty() ? TimeZone::local() : TimeZone::named(options.timezone);
}

std::optional<RecordAccessor> accessor(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return RecordAccessor::compile(text);
}

/// The number of one of the names that the tags of the input syslog end in.
template <class Name>
std::optional<unsigned> index_of(std::string_view word, unsigned count, Name&& name) {
  for (unsigned i = 0; i < count; ++i) {
    if (name(i) == word) return i;
  }
  return std::nullopt;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; }

/// A control character as rsyslog writes it: a line end is #012.
void append_octal(char c, OutBuffer& out) {
  const auto code = static_cast<unsigned>(c);
  out.append('#');
  for (const unsigned shift : {6U, 3U, 0U}) out.append(static_cast<char>('0' + ((code >> shift) & 7U)));
}

bool is_id(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(),
                                    [](char c) { return c > ' ' && c < 0x7f && c != '=' && c != ']' && c != '"'; });
}

}  // namespace

std::optional<unsigned> facility_number(std::string_view text) {
  if (const auto found = number(text, syslog_facilities - 1)) return found;
  const std::string name = lower(text);
  for (unsigned i = 0; i < syslog_facilities; ++i) {
    if (syslog_facility_name(i) == name) return i;
  }
  if (name == "security") return 4U;
  return name == "cron2" || name == "clock" ? std::optional<unsigned>(15U) : std::nullopt;
}

std::optional<unsigned> severity_number(std::string_view text) {
  if (const auto found = number(text, 7)) return found;
  const std::string name = lower(text);
  for (unsigned i = 0; i < 8; ++i) {
    if (syslog_severity_name(i) == name) return i;
  }
  static constexpr std::array<std::pair<std::string_view, unsigned>, 9> others{{{"emergency", 0},
                                                                                {"panic", 0},
                                                                                {"critical", 2},
                                                                                {"fatal", 2},
                                                                                {"error", 3},
                                                                                {"warning", 4},
                                                                                {"information", 6},
                                                                                {"informational", 6},
                                                                                {"trace", 7}}};
  for (const auto& [other, value] : others) {
    if (other == name) return value;
  }
  return std::nullopt;
}

MessageWriter::Keys::Keys(const Options& options)
    : facility(accessor(options.facility_key)),
      severity(accessor(options.severity_key)),
      host(accessor(options.hostname_key)),
      program(accessor(options.program_key)),
      procid(accessor(options.procid_key)),
      msgid(accessor(options.msgid_key)),
      message(accessor(options.message_key)),
      data(accessor(options.structured_data_key)) {
  for (const std::string& field : options.structured_data_fields) fields.push_back(RecordAccessor::compile(field));
}

MessageWriter::MessageWriter(const Options& options, std::unique_ptr<Formatter> formatter)
    : options_(options),
      formatter_(std::move(formatter)),
      keys_(options),
      hostname_(options.hostname.empty() ? host_of_this_machine() : options.hostname),
      limit_(options.packet_size.bytes),
      times_(TimeFormatter::compile(
          options.message_format == Format::rfc5424 ? "%Y-%m-%dT%H:%M:%S.%6N%:z" : "%b %e %H:%M:%S", zone(options))) {
  const auto facility = facility_number(options.facility);
  const auto severity = severity_number(options.severity);
  if (!facility) throw std::invalid_argument(cat("facility: '", options.facility, "' is none: daemon, local0, 3 …"));
  if (!severity) throw std::invalid_argument(cat("severity: '", options.severity, "' is none: err, info, 6 …"));
  facility_ = *facility;
  severity_ = *severity;
  tag_priority_ = facility_ * 8 + severity_;
  if (!options.structured_data_fields.empty() && !is_id(options.structured_data_id)) {
    throw std::invalid_argument("structured_data_fields need a structured_data_id, such as app@32473");
  }
  counted_ = options.frame_type == Framing::octet_count || options.protocol == Protocol::relp;
  const bool datagrams = options.protocol == Protocol::udp || options.protocol == Protocol::unix_datagram;
  if (datagrams) limit_ = limit_ == 0 ? longest_datagram : std::min(limit_, longest_datagram);
}

std::string_view MessageWriter::text(const std::optional<RecordAccessor>& key, const Record& record) {
  if (!key) return {};
  const msgpack::Value value = key->find(record);
  return value ? value_text(value, scratch_) : std::string_view();
}

/// A word of the header: what is not visible ASCII becomes `_`, or the reader would see another word.
void MessageWriter::append_word(std::string_view word, std::size_t longest, OutBuffer& out) {
  if (word.empty()) return out.append('-');
  for (const char c : word.substr(0, longest)) out.append(c > ' ' && c < 0x7f ? c : '_');
}

/// Facility and severity where the record says none: those that a tag TAG.facility.severity ends in, else the
/// configured ones.
unsigned MessageWriter::usual_priority(std::string_view tag) {
  if (tag == tag_) return tag_priority_;
  tag_ = tag;
  tag_priority_ = facility_ * 8 + severity_;
  const std::size_t second = tag.rfind('.');
  if (second == std::string_view::npos || second == 0) return tag_priority_;
  const std::size_t first = tag.rfind('.', second - 1) + 1;  // 0 where there is none
  const auto facility = index_of(tag.substr(first, second - first), syslog_facilities, syslog_facility_name);
  const auto severity = index_of(tag.substr(second + 1), 8, syslog_severity_name);
  if (facility && severity) tag_priority_ = *facility * 8 + *severity;
  return tag_priority_;
}

void MessageWriter::append_priority(std::string_view tag, const Record& record, OutBuffer& out) {
  const std::optional<unsigned> facility = facility_number(text(keys_.facility, record));
  const std::optional<unsigned> severity = severity_number(text(keys_.severity, record));
  const unsigned usual = facility && severity ? 0 : usual_priority(tag);
  out.append('<');
  out.append(std::to_string(facility.value_or(usual >> 3) * 8 + severity.value_or(usual & 7)));
}

void MessageWriter::append_head(std::string_view tag, const Event& event, OutBuffer& out) {
  const bool is_5424 = options_.message_format == Format::rfc5424;
  const Record& record = event.record;
  append_priority(tag, record, out);
  out.append(is_5424 ? ">1 " : ">");
  time_.clear();
  times_.append(time_, event.time);
  out.append(time_);
  out.append(' ');
  const std::string_view host = text(keys_.host, record);
  append_word(host.empty() ? hostname_ : host, 255, out);
  out.append(' ');
  const std::string_view program = text(keys_.program, record);
  append_word(program.empty() ? options_.program : program, is_5424 ? 48 : 255, out);
  const std::string_view pid = text(keys_.procid, record);
  if (!is_5424) {
    if (!pid.empty() && pid != "-") {
      out.append('[');
      append_word(pid, 128, out);
      out.append(']');
    }
    return out.append(": ");
  }
  out.append(' ');
  append_word(pid, 128, out);
  out.append(' ');
  append_word(text(keys_.msgid, record), 32, out);
  out.append(' ');
  append_data(record, out);
  out.append(' ');
}

void MessageWriter::append_parameter(std::string_view name, const msgpack::Value& value, OutBuffer& out) {
  if (!is_id(name)) return;
  out.append(' ');
  out.append(name.substr(0, 32));
  out.append("=\"");
  for (const char c : value_text(value, scratch_)) {
    if (c == '"' || c == '\\' || c == ']') out.append('\\');
    append_character(c, out);
  }
  out.append('"');
}

/// Of structured data. What could end the message in a stream of lines, or begin another one, is escaped.
void MessageWriter::append_character(char c, OutBuffer& out) {
  !counted_&& is_control(c) ? append_octal(c, out) : out.append(c);
}

void MessageWriter::append_element(std::string_view id, const msgpack::Value& parameters, OutBuffer& out) {
  if (!is_id(id) || parameters.type() != msgpack::Type::map) return;
  out.append('[');
  out.append(id.substr(0, 32));
  Record(parameters).for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
    if (!key.is_text()) return;
    if (value.type() != msgpack::Type::array) return append_parameter(key.text(), value, out);
    const std::uint8_t* at = value.children();
    for (std::uint32_t i = 0; i < value.count(); ++i) {
      const std::uint8_t* const end = msgpack::skip(at, value.end());
      append_parameter(key.text(), msgpack::Value(at, end), out);
      at = end;
    }
  });
  out.append(']');
}

void MessageWriter::append_data(const Record& record, OutBuffer& out) {
  const std::size_t begin = out.size();
  msgpack::Value data = keys_.data ? keys_.data->find(record) : msgpack::Value();
  if (!data && keys_.data) data = record.find("extradata");
  if (data && data.type() == msgpack::Type::map) {
    Record(data).for_each([&](const msgpack::Value& id, const msgpack::Value& parameters) {
      if (id.is_text()) append_element(id.text(), parameters, out);
    });
  } else if (data && data.is_text() && syslog_data_length(data.text()) == data.text().size()) {
    for (const char c : data.text()) append_character(c, out);
  }
  if (!keys_.fields.empty()) {
    out.append('[');
    out.append(options_.structured_data_id);
    for (const RecordAccessor& field : keys_.fields) {
      if (const msgpack::Value value = field.find(record)) append_parameter(field.steps().back().key, value, out);
    }
    out.append(']');
  }
  if (out.size() == begin) out.append('-');
}

bool MessageWriter::append_body(std::string_view tag, const Event& event, OutBuffer& out) {
  body_.clear();
  if (formatter_) {
    if (!formatter_->format(tag, event, body_)) return false;
  } else if (const msgpack::Value message = keys_.message ? keys_.message->find(event.record) : msgpack::Value()) {
    body_.append(value_text(message, scratch_));
  } else if (const msgpack::Value line = event.record.find("log")) {
    body_.append(value_text(line, scratch_));
  } else {
    append_json(body_, event.record.value());
  }
  std::string_view body = body_.text();
  while (body.ends_with('\n')) body.remove_suffix(1);
  const auto ends_line = [](char c) { return c == '\n' || c == '\0'; };
  if (counted_ || std::none_of(body.begin(), body.end(), ends_line)) {
    out.append(body);
    return true;
  }
  for (const char c : body) ends_line(c) ? append_octal(c, out) : out.append(c);
  return true;
}

void MessageWriter::cut(OutBuffer& out, std::size_t begin) {
  if (limit_ == 0 || out.size() - begin <= limit_) return;
  const std::size_t room = limit_ - std::min(limit_, options_.cut_mark.size());
  std::size_t end = begin + room;
  while (end > begin && (static_cast<unsigned char>(out.data()[end]) & 0xc0) == 0x80) --end;
  out.truncate(end);
  out.append(std::string_view(options_.cut_mark).substr(0, limit_));
}

bool MessageWriter::append(std::string_view tag, const Event& event, OutBuffer& out) {
  const std::size_t begin = out.size();
  append_head(tag, event, out);
  if (!append_body(tag, event, out)) {
    out.truncate(begin);
    return false;
  }
  cut(out, begin);
  return true;
}

}  // namespace logboom::out_syslog
