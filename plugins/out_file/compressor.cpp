#include "compressor.hpp"

#include <logboom/compress.hpp>

namespace logboom {

std::string_view compression_suffix(Compression compression) noexcept {
  switch (compression) {
    case Compression::gzip: return ".gz";
    case Compression::zstd: return ".zstd";
    case Compression::text: break;
  }
  return "";
}

void compress(Compression compression, std::string_view text, OutBuffer& out) {
  switch (compression) {
    case Compression::text: out.append(text); break;
    case Compression::gzip: gzip_compress(text, out); break;
    case Compression::zstd: zstd_compress(text, out); break;
  }
}

}  // namespace logboom
