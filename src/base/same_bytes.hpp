#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace logboom {

/// memcmp() == 0, without a call for what is as short as a field's name.
inline bool same_bytes(const void* one, const void* other, std::size_t size) noexcept {
  const auto* const a = static_cast<const std::uint8_t*>(one);
  const auto* const b = static_cast<const std::uint8_t*>(other);
  // The first and the last word, which overlap.
  const auto ends_are_same = [&](auto word) {
    auto word_of_other = word;
    std::memcpy(&word, a, sizeof word);
    std::memcpy(&word_of_other, b, sizeof word);
    if (word != word_of_other) return false;
    std::memcpy(&word, a + size - sizeof word, sizeof word);
    std::memcpy(&word_of_other, b + size - sizeof word, sizeof word);
    return word == word_of_other;
  };
  if (size > 16) return std::memcmp(a, b, size) == 0;
  if (size >= 8) return ends_are_same(std::uint64_t{});
  if (size >= 4) return ends_are_same(std::uint32_t{});
  if (size >= 2) return ends_are_same(std::uint16_t{});
  return size == 0 || *a == *b;
}

}  // namespace logboom
