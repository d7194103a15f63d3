#pragma once

#include <string_view>

#include <logboom/msgpack.hpp>

#include "base/same_bytes.hpp"

/// Steps through bytes that are known to be whole and well-formed: a record's.
namespace logboom::msgpack {

/// The end of the object at `p`.
inline const std::uint8_t* after(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  const std::uint8_t first = *p;
  if ((first & 0xe0) == 0xa0) return p + 1 + (first & 0x1f);
  if (first == 0xd9) return p + 2 + p[1];
  if (first == 0xda) return p + 3 + load_be(p + 1, 2);
  if (first < 0x80 || first >= 0xe0) return p + 1;
  return skip(p, end);
}

/// The text of the string or binary at `p`. False for any other type.
inline bool text_at(const std::uint8_t* p, const std::uint8_t* end, std::string_view& text) noexcept {
  if ((*p & 0xe0) == 0xa0) {
    text = {reinterpret_cast<const char*>(p + 1), static_cast<std::size_t>(*p & 0x1f)};
    return true;
  }
  const Type type = type_of(*p);
  if (type != Type::string && type != Type::binary) return false;
  text = Value(p, after(p, end)).text();
  return true;
}

/// The value of the last pair of a map whose key is this text; empty where there is none or `map` is no map.
inline Value find_key(const Value& map, std::string_view key) noexcept {
  Value found;
  if (!map || map.type() != Type::map) return found;
  // The first byte of the shortest form, which keys nearly always have; none where the key is longer.
  const unsigned usual = key.size() < 32 ? 0xa0U | static_cast<unsigned>(key.size()) : 0x100U;
  const std::uint8_t* at = map.children();
  const std::uint8_t* end = map.end();
  for (std::uint32_t left = map.count(); left > 0; --left) {
    // Records that are looked at one after another mostly stand so in memory as well.
    __builtin_prefetch(at + 512);
    const std::uint8_t first = *at;
    const std::uint8_t* value = after(at, end);
    bool hit = false;
    if ((first & 0xe0) == 0xa0) {
      hit = first == usual && same_bytes(at + 1, key.data(), key.size());
    } else {
      std::string_view text;
      hit = text_at(at, end, text) && text == key;
    }
    at = after(value, end);
    if (hit) found = Value(value, at);
  }
  return found;
}

}  // namespace logboom::msgpack
