#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace logboom {

template <std::unsigned_integral N>
N swapped_if_big(N number) noexcept {
  if constexpr (std::endian::native == std::endian::big) {
    N out = 0;
    for (std::size_t i = 0; i < sizeof(N); ++i) out = static_cast<N>(out << 8 | (number >> 8 * i & 255));
    return out;
  }
  return number;
}

/// Writes numbers behind one another.
class LittleEndianWriter {
 public:
  explicit LittleEndianWriter(std::uint8_t* to) noexcept : to_(to) {}
  template <std::unsigned_integral N>
  void put(N number) noexcept {
    number = swapped_if_big(number);
    std::memcpy(to_, &number, sizeof number);
    to_ += sizeof number;
  }
  std::uint8_t* at() const noexcept { return to_; }

 private:
  std::uint8_t* to_;
};

/// Reads them; whoever calls knows that they are there.
class LittleEndianReader {
 public:
  explicit LittleEndianReader(const std::uint8_t* from) noexcept : from_(from) {}
  template <std::unsigned_integral N>
  N get() noexcept {
    N number = 0;
    std::memcpy(&number, from_, sizeof number);
    from_ += sizeof number;
    return swapped_if_big(number);
  }
  void skip(std::size_t bytes) noexcept { from_ += bytes; }
  const std::uint8_t* at() const noexcept { return from_; }

 private:
  const std::uint8_t* from_;
};

}  // namespace logboom
