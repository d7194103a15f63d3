#pragma once

#include <cstdint>
#include <string_view>

#include <logboom/out_buffer.hpp>

namespace logboom {

enum class Compression : std::uint8_t { text, gzip, zstd };

/// `.gz`, `.zstd`, or nothing.
std::string_view compression_suffix(Compression compression) noexcept;

/// Appends one gzip member (RFC 1952) or zstd frame (RFC 8878) that holds the text. May throw std::exception.
void compress(Compression compression, std::string_view text, OutBuffer& out);

}  // namespace logboom
