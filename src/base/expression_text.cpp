#include "base/expression_text.hpp"

#include <algorithm>

#include "base/json_string.hpp"

namespace logboom::expression {
namespace {

/// A character that is no UTF-8: its byte, far above what Unicode has.
constexpr std::uint32_t invalid_base = 0x200000;

bool between(std::uint32_t code, std::uint32_t low, std::uint32_t high) noexcept { return code >= low && code <= high; }

std::uint32_t to_upper(std::uint32_t c) noexcept {
  if (between(c, 'a', 'z')) return c - 32;
  if (c < 0x80) return c;
  if (between(c, 0xe0, 0xfe) && c != 0xf7) return c - 32;
  if (c == 0xff) return 0x178;
  if ((between(c, 0x100, 0x137) || between(c, 0x14a, 0x177)) && (c & 1) != 0 && c != 0x131) return c - 1;
  if ((between(c, 0x139, 0x148) || between(c, 0x179, 0x17e)) && (c & 1) == 0) return c - 1;
  if (c == 0x3c2) return 0x3a3;
  if (between(c, 0x3b1, 0x3c9)) return c - 32;
  if (between(c, 0x430, 0x44f)) return c - 32;
  if (between(c, 0x450, 0x45f)) return c - 80;
  return c;
}

std::uint32_t to_lower(std::uint32_t c) noexcept {
  if (between(c, 'A', 'Z')) return c + 32;
  if (c < 0x80) return c;
  if (between(c, 0xc0, 0xde) && c != 0xd7) return c + 32;
  if (c == 0x178) return 0xff;
  if ((between(c, 0x100, 0x137) || between(c, 0x14a, 0x177)) && (c & 1) == 0 && c != 0x130) return c + 1;
  if ((between(c, 0x139, 0x148) || between(c, 0x179, 0x17e)) && (c & 1) != 0) return c + 1;
  if (between(c, 0x391, 0x3a9) && c != 0x3a2) return c + 32;
  if (between(c, 0x410, 0x42f)) return c + 32;
  if (between(c, 0x400, 0x40f)) return c + 80;
  return c;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code >= invalid_base) {
    out += static_cast<char>(code - invalid_base);
  } else if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    tail(12), tail(6), tail(0);
  }
}

std::size_t character_size(std::string_view text, bool& valid) noexcept {
  const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
  valid = true;
  if (*begin < 0x80) return 1;
  std::size_t broken = 1;
  const std::size_t size = json::utf8_length(begin, begin + text.size(), broken);
  valid = size != 0;
  return valid ? size : 1;
}

bool is_ascii(std::string_view text) noexcept {
  unsigned char seen = 0;
  for (const char c : text) seen = static_cast<unsigned char>(seen | static_cast<unsigned char>(c));
  return seen < 0x80;
}

std::size_t character_count(std::string_view text) noexcept {
  if (is_ascii(text)) return text.size();
  std::size_t count = 0;
  bool valid = false;
  for (std::size_t at = 0; at < text.size(); ++count) at += character_size(text.substr(at), valid);
  return count;
}

std::size_t byte_of(std::string_view text, std::size_t index) noexcept {
  bool valid = false;
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += character_size(text.substr(at), valid);
  return at;
}

std::uint32_t decode(std::string_view character) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(character[i])); };
  switch (character.size()) {
    case 1: return byte(0) < 0x80 ? byte(0) : invalid_base + byte(0);
    case 2: return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3: return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    default: return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
  }
}

Regexp compile_regexp(std::string_view pattern, unsigned flags) {
  RegexpLimits limits;
  limits.retries_in_match = 100'000;
  limits.retries_in_search = 500'000;
  limits.stack_entries = 200'000;
  return Regexp::compile(pattern, {(flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0}, limits);
}

void append_case(OutBuffer& out, std::string_view text, Case how) {
  std::string encoded;
  for (std::size_t at = 0; at < text.size();) {
    bool valid = false;
    const std::size_t size = character_size(text.substr(at), valid);
    const std::string_view character = text.substr(at, size);
    at += size;
    const std::uint32_t code = decode(character);
    const std::uint32_t upper = to_upper(code);
    const std::uint32_t lower = to_lower(code);
    const std::uint32_t changed = how == Case::upper   ? upper
                                  : how == Case::lower ? lower
                                  : upper != code      ? upper
                                                       : lower;
    if (code == 0xdf && how != Case::lower) {
      out.append("SS");
    } else if (!valid || changed == code) {
      out.append(character);
    } else if (changed < 0x80) {
      out.append(static_cast<char>(changed));
    } else {
      encoded.clear();
      append_utf8(encoded, changed);
      out.append(encoded);
    }
  }
}

CharacterSet::CharacterSet(std::string_view spec, bool may_negate) {
  if (may_negate && spec.size() > 1 && spec[0] == '^') {
    negated_ = true;
    spec.remove_prefix(1);
  }
  const auto next = [&] {
    if (spec.size() > 1 && spec[0] == '\\') spec.remove_prefix(1);
    bool valid = false;
    const std::size_t size = character_size(spec, valid);
    const std::uint32_t code = decode(spec.substr(0, size));
    spec.remove_prefix(size);
    return code;
  };
  while (!spec.empty()) {
    Range range{};
    range.first = range.last = next();
    if (spec.size() > 1 && spec[0] == '-') {
      spec.remove_prefix(1);
      range.last = next();
    }
    if (range.first <= range.last) ranges_.push_back(range);
  }
}

std::int64_t CharacterSet::place(std::uint32_t code) const noexcept {
  std::int64_t before = 0;
  for (const Range& range : ranges_) {
    if (between(code, range.first, range.last)) return before + code - range.first;
    before += std::int64_t{range.last} - range.first + 1;
  }
  return -1;
}

bool CharacterSet::at(std::int64_t place, std::uint32_t& code) const noexcept {
  if (ranges_.empty()) return false;
  for (const Range& range : ranges_) {
    const std::int64_t size = std::int64_t{range.last} - range.first + 1;
    if (place < size) return code = range.first + static_cast<std::uint32_t>(place), true;
    place -= size;
  }
  code = ranges_.back().last;
  return true;
}

}  // namespace logboom::expression
