#include <logboom/compress.hpp>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <stdexcept>

namespace logboom {
namespace {

constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t largest_step = std::size_t{1} << 30;  // zlib counts in unsigned int

/// Checks and hands on what a decompressor wrote into its one buffer.
class Outlet {
 public:
  Outlet(std::uint64_t limit, DecompressBudget::Share& share, const DecompressSink& sink)
      : limit_(limit), share_(share), sink_(sink), buffer_(std::make_unique_for_overwrite<char[]>(piece_size)) {}

  char* buffer() noexcept { return buffer_.get(); }
  DecompressStatus hand_on(std::size_t size) {
    if (size == 0) return DecompressStatus::ok;
    if (size > limit_ - total_) return DecompressStatus::over_limit;
    if (!share_.take(size)) return DecompressStatus::over_budget;
    total_ += size;
    return sink_({buffer(), size}) ? DecompressStatus::ok : DecompressStatus::stopped;
  }

 private:
  std::uint64_t limit_;
  std::uint64_t total_ = 0;
  DecompressBudget::Share& share_;
  const DecompressSink& sink_;
  std::unique_ptr<char[]> buffer_;
};

/// Members of gzip or streams of zlib, one after the other.
class GzipReader {
 public:
  static constexpr int gzip_format = 15 + 16;
  static constexpr int zlib_format = 15;
  GzipReader(Outlet& outlet, int format) : outlet_(outlet) {
    if (inflateInit2(&stream_, format) != Z_OK) throw std::bad_alloc();
  }
  ~GzipReader() { inflateEnd(&stream_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  DecompressStatus read(std::string_view input) {
    while (!input.empty()) {
      if (!in_member_ && !start_member(input)) return DecompressStatus::ok;
      const std::string_view step = input.substr(0, largest_step);
      stream_.next_in = reinterpret_cast<const Bytef*>(step.data());
      stream_.avail_in = static_cast<uInt>(step.size());
      const DecompressStatus status = inflate_all();
      if (status != DecompressStatus::ok) return status;
      input.remove_prefix(step.size() - stream_.avail_in);
    }
    return DecompressStatus::ok;
  }
  DecompressStatus finish() const noexcept {
    return in_member_ || !any_member_ ? DecompressStatus::truncated : DecompressStatus::ok;
  }

 private:
  bool start_member(std::string_view& input) noexcept {
    if (any_member_) {
      input.remove_prefix(std::min(input.find_first_not_of('\0'), input.size()));
      if (input.empty()) return false;
      inflateReset(&stream_);
    }
    in_member_ = any_member_ = true;
    return true;
  }

  /// Until the member ends or its input does, and what zlib holds back of the output is out.
  DecompressStatus inflate_all() {
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(outlet_.buffer());
      stream_.avail_out = static_cast<uInt>(piece_size);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return DecompressStatus::corrupt;
      const DecompressStatus status = outlet_.hand_on(piece_size - stream_.avail_out);
      if (status != DecompressStatus::ok) return status;
      in_member_ = result != Z_STREAM_END;
    } while (in_member_ && (stream_.avail_out == 0 || stream_.avail_in != 0));
    return DecompressStatus::ok;
  }

  Outlet& outlet_;
  z_stream stream_{};
  bool in_member_ = false;
  bool any_member_ = false;
};

class ZstdReader {
 public:
  ZstdReader(Outlet& outlet, std::uint64_t limit) : outlet_(outlet), context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    const int window_log = std::clamp(static_cast<int>(std::bit_width(limit)), 23, 27);
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log);
  }

  DecompressStatus read(std::string_view input) {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    bool more = false;
    while (in.pos < in.size || more) {
      if (at_start_ && !begins_frame(static_cast<std::uint8_t>(input[in.pos]))) return DecompressStatus::corrupt;
      at_start_ = false;
      ZSTD_outBuffer out{outlet_.buffer(), piece_size, 0};
      const std::size_t before = in.pos;
      const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(result)) return failed(result);
      const DecompressStatus status = outlet_.hand_on(out.pos);
      if (status != DecompressStatus::ok) return status;
      ended_ = at_start_ = result == 0;
      more = !ended_ && out.pos == out.size;
      if (!more && in.pos == before && out.pos == 0) break;
    }
    return DecompressStatus::ok;
  }
  DecompressStatus finish() const noexcept { return ended_ ? DecompressStatus::ok : DecompressStatus::truncated; }

 private:
  /// A frame of RFC 8878 or a skippable one. The library may read formats from before the RFC too, by code that depends
  /// on how its input is cut.
  static bool begins_frame(std::uint8_t first) noexcept { return first == 0x28 || (first & 0xf0) == 0x50; }

  static DecompressStatus failed(std::size_t result) {
    const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_memory_allocation) throw std::bad_alloc();
    const bool too_large = code == ZSTD_error_frameParameter_windowTooLarge;
    return too_large ? DecompressStatus::over_limit : DecompressStatus::corrupt;
  }

  struct Free {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
  };
  Outlet& outlet_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool at_start_ = true;  // of a frame
  bool ended_ = false;
};

template <class Reader>
DecompressStatus read_all(Reader& reader, std::span<const std::string_view> input) {
  for (const std::string_view piece : input) {
    const DecompressStatus status = reader.read(piece);
    if (status != DecompressStatus::ok) return status;
  }
  return reader.finish();
}

}  // namespace

std::string_view to_text(DecompressStatus status) noexcept {
  switch (status) {
    case DecompressStatus::ok: return "ok";
    case DecompressStatus::corrupt: return "compressed data is corrupt";
    case DecompressStatus::truncated: return "compressed data ends too early";
    case DecompressStatus::over_limit: return "decompressed data exceeds the size limit";
    case DecompressStatus::over_budget: return "too much decompressed data is held at once";
    case DecompressStatus::stopped: return "decompression was stopped";
  }
  return "unknown";
}

DecompressStatus decompress_gzip(std::span<const std::string_view> input, std::uint64_t limit,
                                 DecompressBudget::Share& share, const DecompressSink& sink) {
  Outlet outlet(limit, share, sink);
  GzipReader reader(outlet, GzipReader::gzip_format);
  return read_all(reader, input);
}

DecompressStatus decompress_zlib(std::span<const std::string_view> input, std::uint64_t limit,
                                 DecompressBudget::Share& share, const DecompressSink& sink) {
  Outlet outlet(limit, share, sink);
  GzipReader reader(outlet, GzipReader::zlib_format);
  return read_all(reader, input);
}

DecompressStatus decompress_zstd(std::span<const std::string_view> input, std::uint64_t limit,
                                 DecompressBudget::Share& share, const DecompressSink& sink) {
  Outlet outlet(limit, share, sink);
  ZstdReader reader(outlet, limit);
  return read_all(reader, input);
}

void gzip_compress(std::string_view data, OutBuffer& out, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    if (stream.avail_in == 0 && !data.empty()) {
      stream.next_in = reinterpret_cast<const Bytef*>(data.data());
      stream.avail_in = static_cast<uInt>(std::min(data.size(), largest_step));
      data.remove_prefix(stream.avail_in);
    }
    const std::size_t room = std::min<std::size_t>(deflateBound(&stream, stream.avail_in), largest_step) + 64;
    stream.next_out = reinterpret_cast<Bytef*>(out.reserve(room));
    stream.avail_out = static_cast<uInt>(room);
    result = deflate(&stream, data.empty() ? Z_FINISH : Z_NO_FLUSH);
    out.commit(room - stream.avail_out);
  }
}

void zstd_compress(std::string_view data, OutBuffer& out, int level) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  const std::size_t room = ZSTD_compressBound(data.size());
  const std::size_t size = ZSTD_compress2(context.get(), out.reserve(room), room, data.data(), data.size());
  if (ZSTD_isError(size)) throw std::runtime_error(ZSTD_getErrorName(size));
  out.commit(size);
}

}  // namespace logboom
