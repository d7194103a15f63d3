#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace logboom {

/// Several texts in one: each behind its size.
inline void pack_field(std::string_view value, std::string& out) {
  const auto size = static_cast<std::uint32_t>(value.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  out.append(bytes, sizeof bytes).append(value);
}

/// Takes the first text off the front of `packed`.
inline std::string_view unpack_field(std::string_view& packed) {
  std::uint32_t size = 0;
  std::memcpy(&size, packed.data(), sizeof size);
  const std::string_view value = packed.substr(sizeof size, size);
  packed.remove_prefix(sizeof size + size);
  return value;
}

}  // namespace logboom
