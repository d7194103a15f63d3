#include "ruby_inspect.hpp"

#include <cmath>
#include <cstdio>
#include <vector>

#include <logboom/json.hpp>

namespace logboom::formatter_hash {

namespace {

using msgpack::Type;
using msgpack::Value;

struct Open {
  std::uint32_t left;  // objects still to come: two for each pair of a map
  bool map;
};

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: no UTF-8
};

/// The UTF-8 character at the start of `text` (RFC 3629).
Character character_at(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  std::uint32_t code = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, size};
}

char short_escape(std::uint32_t code) noexcept {
  switch (code) {
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\f': return 'f';
    case '\v': return 'v';
    case '\b': return 'b';
    case '\a': return 'a';
    case 0x1b: return 'e';
    case '"': return '"';
    case '\\': return '\\';
    default: return 0;
  }
}

bool is_printed(std::uint32_t code) noexcept {
  if (code < 0x20 || code == 0x7f) return false;
  return (code < 0x80 || code > 0x9f || code == 0x85) && code != 0x2028 && code != 0x2029;
}

void append_escaped(OutBuffer& out, const char* format, std::uint32_t code) {
  char digits[16];
  const int size = std::snprintf(digits, sizeof digits, format, code);
  out.append({digits, static_cast<std::size_t>(size)});
}

void append_string(OutBuffer& out, std::string_view text, bool bytes) {
  out.append('"');
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const Character at = bytes && first >= 0x80 ? Character{} : character_at(text);
    if (at.size == 0) {
      append_escaped(out, "\\x%02X", first);
      text.remove_prefix(1);
      continue;
    }
    const bool interpolates = at.code == '#' && text.size() > 1 && (text[1] == '{' || text[1] == '$' || text[1] == '@');
    if (const char escape = short_escape(at.code); escape != 0) {
      out.append('\\');
      out.append(escape);
    } else if (!is_printed(at.code)) {
      append_escaped(out, bytes ? "\\x%02X" : "\\u%04X", at.code);
    } else {
      if (interpolates) out.append('\\');
      out.append(text.substr(0, at.size));
    }
    text.remove_prefix(at.size);
  }
  out.append('"');
}

void append_float(OutBuffer& out, const Value& value) {
  double number = 0;
  static_cast<void>(value.to_double(number));
  if (std::isnan(number)) return out.append("NaN");
  if (std::isinf(number)) return out.append(number < 0 ? "-Infinity" : "Infinity");
  append_json_number(out, number);
}

void append_scalar(OutBuffer& out, const Value& value) {
  switch (value.type()) {
    case Type::nil: return out.append("nil");
    case Type::string: return append_string(out, value.text(), false);
    case Type::binary: return append_string(out, value.text(), true);
    case Type::floating: return append_float(out, value);
    default: return append_json(out, value);
  }
}

/// Closes what is complete; false where nothing is left open.
bool close_complete(OutBuffer& out, std::vector<Open>& open) {
  while (!open.empty() && open.back().left == 0) {
    out.append(open.back().map ? '}' : ']');
    open.pop_back();
  }
  return !open.empty();
}

}  // namespace

void append_inspect(OutBuffer& out, const Value& value) {
  std::vector<Open> open;
  bool first = true;
  const std::uint8_t* at = value.begin();
  do {
    if (!open.empty()) {
      const bool is_value = open.back().map && open.back().left % 2 == 1;
      if (is_value) {
        out.append("=>");
      } else if (!first) {
        out.append(", ");
      }
      --open.back().left;
    }
    const Type type = msgpack::type_of(*at);
    if (type != Type::map && type != Type::array) {
      const Value scalar(at, msgpack::skip(at, value.end()));
      append_scalar(out, scalar);
      at = scalar.end();
      first = false;
      continue;
    }
    const Value container(at, value.end());
    out.append(type == Type::map ? '{' : '[');
    open.push_back({type == Type::map ? 2 * container.count() : container.count(), type == Type::map});
    at = container.children();
    first = container.count() != 0;
  } while (close_complete(out, open));
}

}  // namespace logboom::formatter_hash
