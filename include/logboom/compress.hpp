#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include <logboom/out_buffer.hpp>

/// gzip (RFC 1952), zlib (RFC 1950) and zstd (RFC 8878): reading with limits, for bytes that a peer sent, and writing
/// whole files' worth.
namespace logboom {

enum class DecompressStatus : std::uint8_t {
  ok,
  corrupt,      ///< not of this format, or damaged
  truncated,    ///< the input ends in the middle
  over_limit,   ///< more than this input may become
  over_budget,  ///< more than all inputs at once may become
  stopped,      ///< the sink wanted no more
};
std::string_view to_text(DecompressStatus status) noexcept;

/// How much decompressed data may exist in the process at once. Threads: any. Lifetime: outlives its shares.
class DecompressBudget {
 public:
  explicit DecompressBudget(std::uint64_t bytes) noexcept : bytes_(bytes) {}
  DecompressBudget(const DecompressBudget&) = delete;
  DecompressBudget& operator=(const DecompressBudget&) = delete;

  /// What one input takes of the budget; held as long as its decompressed bytes are, given back at the end.
  /// Threads: one at a time, and not necessarily the one that made it.
  class Share {
   public:
    explicit Share(DecompressBudget& budget) noexcept : budget_(&budget) {}
    Share(Share&& other) noexcept : budget_(other.budget_), taken_(std::exchange(other.taken_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      if (this != &other) {
        give_back();
        budget_ = other.budget_;
        taken_ = std::exchange(other.taken_, 0);
      }
      return *this;
    }
    ~Share() { give_back(); }

    bool take(std::uint64_t bytes) noexcept {
      if (!budget_->take(bytes)) return false;
      taken_ += bytes;
      return true;
    }
    /// `bytes` of what was taken.
    void give_back(std::uint64_t bytes) noexcept {
      taken_ -= bytes;
      budget_->in_use_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    void give_back() noexcept { budget_->in_use_.fetch_sub(std::exchange(taken_, 0), std::memory_order_relaxed); }
    std::uint64_t taken() const noexcept { return taken_; }

   private:
    DecompressBudget* budget_;
    std::uint64_t taken_ = 0;
  };

  std::uint64_t in_use() const noexcept { return in_use_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// Shares that are taken stay. Threads: any.
  void resize(std::uint64_t bytes) noexcept { bytes_.store(bytes, std::memory_order_relaxed); }

 private:
  bool take(std::uint64_t bytes) noexcept {
    if (in_use_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= this->bytes()) return true;
    in_use_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }

  std::atomic<std::uint64_t> bytes_;
  std::atomic<std::uint64_t> in_use_{0};
};

/// Takes the next piece of the output, at most 64 KiB, valid during the call. False: no more, please.
using DecompressSink = std::function<bool(std::string_view piece)>;

/// Decompresses `input`, which may lie in pieces, and hands the output on piece by piece. Before a piece is handed on
/// it is checked against `limit` (bytes of output in all) and taken from the budget, so that memory beyond the pieces
/// is bounded whatever the input claims. What was handed on before an error is not called back.
///
/// gzip: one or more members, zeros after any of them ignored. zstd: one or more frames, skippable ones too; windows
/// larger than both `limit` and 8 MiB are over the limit. No input at all is truncated.
DecompressStatus decompress_gzip(std::span<const std::string_view> input, std::uint64_t limit,
                                 DecompressBudget::Share& share, const DecompressSink& sink);
/// The same for zlib's format (RFC 1950), which HTTP calls deflate: one stream.
DecompressStatus decompress_zlib(std::span<const std::string_view> input, std::uint64_t limit,
                                 DecompressBudget::Share& share, const DecompressSink& sink);
DecompressStatus decompress_zstd(std::span<const std::string_view> input, std::uint64_t limit,
                                 DecompressBudget::Share& share, const DecompressSink& sink);

/// Appends `data` as one gzip member (level 0 to 9) or one zstd frame with a checksum (level 1 to 19). Several appended
/// to one file are one valid file.
void gzip_compress(std::string_view data, OutBuffer& out, int level = 6);
void zstd_compress(std::string_view data, OutBuffer& out, int level = 3);

}  // namespace logboom
