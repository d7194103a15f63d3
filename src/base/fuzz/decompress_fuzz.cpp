/// Decompressing arbitrary bytes stays within its limit and gives the same however the input is cut; what was
/// compressed comes back.
#include <logboom/compress.hpp>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using logboom::DecompressBudget;
using logboom::DecompressStatus;

constexpr std::uint64_t limit = 256 * 1024;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Result {
  DecompressStatus status;
  std::string output;
};

Result decompress(bool gzip, std::span<const std::string_view> input) {
  DecompressBudget budget(limit + 1);
  DecompressBudget::Share share(budget);
  Result result{};
  const auto keep = [&](std::string_view piece) {
    require(!piece.empty() && piece.size() <= 64 * 1024);
    result.output += piece;
    return true;
  };
  result.status =
      gzip ? logboom::decompress_gzip(input, limit, share, keep) : logboom::decompress_zstd(input, limit, share, keep);
  require(result.output.size() <= limit && share.taken() == result.output.size());
  return result;
}

std::vector<std::string_view> cut(std::string_view text, std::size_t step) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < text.size(); at += step) pieces.push_back(text.substr(at, step));
  return pieces;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool gzip = (data[0] & 1) != 0;
  const std::size_t step = 1 + data[0] / 2;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);

  const Result whole = decompress(gzip, std::vector{text});
  const Result pieces = decompress(gzip, cut(text, step));
  require((whole.status == DecompressStatus::ok) == (pieces.status == DecompressStatus::ok));
  if (whole.status == DecompressStatus::ok) require(whole.output == pieces.output);

  logboom::OutBuffer compressed;
  gzip ? logboom::gzip_compress(text, compressed, 1) : logboom::zstd_compress(text, compressed, 1);
  const Result back = decompress(gzip, cut(compressed.text(), step));
  require(text.size() > limit || (back.status == DecompressStatus::ok && back.output == text));
  return 0;
}
