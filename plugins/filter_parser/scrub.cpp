#include "scrub.hpp"

#include <algorithm>
#include <cstddef>

namespace logboom::plugins {
namespace {

bool is_ascii(std::string_view text) noexcept {
  unsigned char seen = 0;
  for (const char c : text) seen = static_cast<unsigned char>(seen | static_cast<unsigned char>(c));
  return seen < 0x80;
}

struct Character {
  std::size_t size;
  bool valid;
};

/// The character at the start of `text` (Unicode, table 3-7), or the longest part of one.
Character first_character(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size() || at(i) < low || at(i) > high) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {size, true};
}

}  // namespace

std::string_view scrub(std::string_view text, std::string& out) {
  if (is_ascii(text)) return text;
  bool broken = false;
  out.clear();
  for (std::string_view left = text; !left.empty();) {
    const Character character = first_character(left);
    out += character.valid ? left.substr(0, character.size) : std::string_view("?");
    broken = broken || !character.valid;
    left.remove_prefix(character.size);
  }
  return broken ? std::string_view(out) : text;
}

}  // namespace logboom::plugins
