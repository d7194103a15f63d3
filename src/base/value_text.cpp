#include <logboom/value_text.hpp>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/json.hpp>

#include "base/record_walk.hpp"

namespace logboom {
namespace {

using msgpack::Type;
using msgpack::Value;

void append_escaped(OutBuffer& out, unsigned char c) {
  static constexpr std::string_view letters = "abtnvfr";
  if (c >= 7 && c <= 13) {
    out.append('\\');
    out.append(letters[static_cast<std::size_t>(c - 7)]);
  } else if (c == 27) {
    out.append("\\e");
  } else {
    char code[8];
    std::snprintf(code, sizeof code, c == 127 ? "\\x%02X" : "\\u%04X", static_cast<unsigned>(c));
    out.append(code);
  }
}

void append_quoted(OutBuffer& out, std::string_view text) {
  out.append('"');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 32 || c == 127) {
      append_escaped(out, c);
      continue;
    }
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool interpolates = c == '#' && (next == '{' || next == '$' || next == '@');
    if (c == '"' || c == '\\' || interpolates) out.append('\\');
    out.append(static_cast<char>(c));
  }
  out.append('"');
}

void append_scalar(OutBuffer& out, const Value& value, bool inspect) {
  double number = 0;
  switch (value.type()) {
    case Type::nil:
      if (inspect) out.append("nil");
      return;
    case Type::string:
    case Type::binary: return append_quoted(out, value.text());
    case Type::floating:
      value.to_double(number);
      if (std::isnan(number)) return out.append("NaN");
      if (std::isinf(number)) return out.append(number > 0 ? "Infinity" : "-Infinity");
      return append_json_number(out, number);
    case Type::extension: {
      const std::uint8_t* at = value.begin();
      EventTime time;
      if (read_time(at, value.end(), time)) out.append(std::to_string(time.sec));
      return;
    }
    default: return append_json(out, value);
  }
}

/// An array or map, without recursion: nesting may be deep.
void append_container(OutBuffer& out, const Value& value) {
  struct Level {
    std::uint64_t left;
    bool is_map;
  };
  std::vector<Level> levels;
  const std::uint8_t* at = value.begin();
  const std::uint8_t* const end = value.end();
  bool first = true;
  for (;;) {
    while (!levels.empty() && levels.back().left == 0) {
      out.append(levels.back().is_map ? '}' : ']');
      levels.pop_back();
      first = false;
    }
    if (levels.empty() && at != value.begin()) return;
    if (!levels.empty()) {
      Level& level = levels.back();
      const bool is_value = level.is_map && level.left % 2 == 1;
      if (is_value) {
        out.append("=>");
      } else if (!first) {
        out.append(", ");
      }
      --level.left;
    }
    first = false;
    const Type type = msgpack::type_of(*at);
    if (type != Type::array && type != Type::map) {
      const std::uint8_t* next = msgpack::after(at, end);
      append_scalar(out, Value(at, next), true);
      at = next;
      continue;
    }
    const Value container(at, end);
    const bool is_map = type == Type::map;
    out.append(is_map ? '{' : '[');
    levels.push_back({std::uint64_t{container.count()} * (is_map ? 2 : 1), is_map});
    at = container.children();
    first = true;
  }
}

}  // namespace

std::string_view value_text(const Value& value, OutBuffer& scratch) {
  if (!value) return {};
  const std::uint8_t first = *value.begin();
  const auto* begin = reinterpret_cast<const char*>(value.begin());
  if ((first & 0xe0) == 0xa0) return {begin + 1, value.size() - 1};
  if (first == 0xd9) return {begin + 2, value.size() - 2};
  if (value.is_text()) return value.text();
  scratch.clear();
  const Type type = value.type();
  if (type == Type::array || type == Type::map) {
    append_container(scratch, value);
  } else {
    append_scalar(scratch, value, false);
  }
  return scratch.text();
}

}  // namespace logboom
