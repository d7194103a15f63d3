#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logboom {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's own instruction where it has one. `crc` is what came
/// before, so that crc32c(b, crc32c(a)) is that of a and b together.
std::uint32_t crc32c(const std::uint8_t* data, std::size_t size, std::uint32_t crc = 0) noexcept;
inline std::uint32_t crc32c(std::string_view data, std::uint32_t crc = 0) noexcept {
  return crc32c(reinterpret_cast<const std::uint8_t*>(data.data()), data.size(), crc);
}
/// The same without that instruction.
std::uint32_t crc32c_portable(const std::uint8_t* data, std::size_t size, std::uint32_t crc = 0) noexcept;

}  // namespace logboom
