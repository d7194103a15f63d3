#include "message.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <logboom/json.hpp>
#include <logboom/value_text.hpp>

namespace logboom::out_gelf {

namespace {

constexpr std::size_t chunk_head = 12;
constexpr std::size_t most_chunks = 128;

/// 0 to 7 of a number or of syslog's names; 6, informational, of anything else.
int level_of(std::string_view text) {
  static constexpr std::string_view names[] = {"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"};
  int number = 6;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return std::clamp(number, 0, 7);
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (int i = 0; i < 8; ++i) {
    if (lower.starts_with(names[i])) return i;
  }
  if (lower == "fatal" || lower == "critical") return 2;
  return lower == "trace" ? 7 : 6;
}

/// `_name` with the characters that GELF allows; `_id` is not allowed.
void append_name(std::string_view name, OutBuffer& out) {
  std::string text = name.starts_with('_') ? std::string() : std::string("_");
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    text.push_back(letter || c == '.' || c == '-' ? c : '_');
  }
  append_json_string(out, text == "_id" ? std::string_view("__id") : std::string_view(text));
}

void append_value(const msgpack::Value& value, OutBuffer& out, OutBuffer& scratch) {
  switch (value.type()) {
    case msgpack::Type::integer:
    case msgpack::Type::floating:
    case msgpack::Type::string: return append_json(out, value);
    case msgpack::Type::array:
    case msgpack::Type::map:
      scratch.clear();
      append_json(scratch, value);
      return append_json_string(out, scratch.text());
    default: return append_json_string(out, value_text(value, scratch));
  }
}

void append_text(OutBuffer& out, std::string_view key, std::string_view value) {
  out.append(',');
  append_json_string(out, key);
  out.append(':');
  append_json_string(out, value);
}

}  // namespace

void append_gelf(const Options& options, std::string_view hostname, std::string_view tag, const Event& event,
                 OutBuffer& out) {
  const Record& record = event.record;
  OutBuffer scratch;
  std::string_view message_key;
  for (const std::string_view key : {std::string_view(options.message_key), std::string_view("message"),
                                     std::string_view("log"), std::string_view("short_message")}) {
    if (message_key.empty() && record.find(key)) message_key = key;
  }
  const msgpack::Value host = record.find(options.hostname_key);
  const msgpack::Value level = record.find(options.level_key);
  out.append(R"({"version":"1.1","host":)");
  append_json_string(out, host ? value_text(host, scratch) : hostname);
  std::string_view text = message_key.empty() ? std::string_view() : value_text(record.find(message_key), scratch);
  append_text(out, "short_message", text.empty() ? std::string_view("-") : text);
  char time[48];
  std::snprintf(time, sizeof time, ",\"timestamp\":%lld.%06u", static_cast<long long>(event.time.sec),
                event.time.nsec / 1000);
  out.append(std::string_view(time));
  out.append(",\"level\":");
  out.append(std::to_string(level ? level_of(value_text(level, scratch)) : 6));
  if (!options.tag_key.empty()) {
    out.append(',');
    append_name(options.tag_key, out);
    out.append(':');
    append_json_string(out, tag);
  }
  record.for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
    const std::string_view name = key.text();
    if (name.empty() || value.type() == msgpack::Type::nil || name == message_key) return;
    if (name == options.hostname_key || name == options.level_key || name == "version") return;
    if (name == options.tag_key) return;
    if (name == "full_message") {
      append_text(out, name, value_text(value, scratch));
      return;
    }
    out.append(',');
    append_name(name, out);
    out.append(':');
    append_value(value, out, scratch);
  });
  out.append('}');
}

std::vector<std::string> gelf_datagrams(std::string_view message, std::size_t packet_size, std::uint64_t id) {
  if (message.size() <= packet_size) return {std::string(message)};
  const std::size_t part = packet_size - chunk_head;
  const std::size_t count = (message.size() + part - 1) / part;
  std::vector<std::string> datagrams;
  if (count > most_chunks) return datagrams;
  for (std::size_t i = 0; i < count; ++i) {
    std::string chunk("\x1e\x0f");
    for (int shift = 56; shift >= 0; shift -= 8) chunk.push_back(static_cast<char>(id >> shift));
    chunk.push_back(static_cast<char>(i));
    chunk.push_back(static_cast<char>(count));
    datagrams.push_back(chunk.append(message.substr(i * part, part)));
  }
  return datagrams;
}

}  // namespace logboom::out_gelf
