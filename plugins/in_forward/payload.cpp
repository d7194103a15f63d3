#include "payload.hpp"

#include <memory>

namespace logboom::in_forward {

namespace {

using msgpack::Scan;

/// Keeps a share of the budget until the message's events are safe.
class BudgetHolder final : public Receipt::Target {
 public:
  explicit BudgetHolder(DecompressBudget& budget) noexcept : share_(budget) {}
  void settled(bool) noexcept override {}
  DecompressBudget::Share& share() noexcept { return share_; }

 private:
  DecompressBudget::Share share_;
};

/// Puts the pieces of a decompressed payload into slabs and finds the entries.
class EntryStream {
 public:
  EntryStream(Collector& collector, DecompressBudget::Share& share) : collector_(collector), share_(share) {}

  bool feed(std::string_view piece) {
    if (!make_room(piece.size())) {
      over_budget_ = true;
      return false;
    }
    std::memcpy(slab_->data() + end_, piece.data(), piece.size());
    end_ += piece.size();
    for (;;) {
      if (fresh_) skipper_.start();
      fresh_ = false;
      const std::uint8_t* at = slab_->data() + begin_ + looked_;
      const Scan scan = skipper_.advance(at, slab_->data() + end_);
      if (scan == Scan::malformed) return false;
      looked_ = static_cast<std::size_t>(at - (slab_->data() + begin_));
      if (scan == Scan::incomplete) return true;
      collector_.add_entry(slab_, slab_->data() + begin_, at);
      begin_ += std::exchange(looked_, 0);
      fresh_ = true;
    }
  }
  bool over_budget() const noexcept { return over_budget_; }
  bool has_tail() const noexcept { return end_ != begin_; }
  void end() { collector_.end_run(); }

 private:
  static constexpr std::size_t first_size = std::size_t{64} << 10;
  static constexpr std::size_t next_size = std::size_t{256} << 10;

  /// What an entry that is not whole has so far moves to the next slab. The copy counts in the budget as long as it is
  /// one.
  bool make_room(std::size_t size) {
    if (slab_ && slab_->capacity() - end_ >= size) return true;
    const std::size_t kept = end_ - begin_;
    if (!share_.take(kept)) return false;
    SlabPtr next(Slab::make(std::max(slab_ ? next_size : first_size, kept + kept / 2 + size)));
    if (kept != 0) std::memcpy(next->data(), slab_->data() + begin_, kept);
    collector_.end_run();
    if (begin_ == 0) share_.give_back(kept);
    slab_ = std::move(next);
    begin_ = 0;
    end_ = kept;
    return true;
  }

  Collector& collector_;
  DecompressBudget::Share& share_;
  bool over_budget_ = false;
  SlabPtr slab_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t looked_ = 0;
  msgpack::Skipper skipper_;
  bool fresh_ = true;
};

bool looks_like_zstd(const std::vector<Bytes>& payload) { return payload.front().data()[0] == 0x28; }

}  // namespace

PayloadResult read_compressed(const std::vector<Bytes>& payload, std::string_view compressed, std::uint64_t limit,
                              DecompressBudget& budget, Collector& collector, Drops& drops) {
  std::vector<std::string_view> pieces;
  for (const Bytes& bytes : payload) pieces.push_back(bytes.text());
  auto* holder = new BudgetHolder(budget);
  Receipt hold(holder);
  EntryStream entries(collector, holder->share());
  bool well_formed = true;
  const DecompressSink sink = [&](std::string_view piece) { return well_formed = entries.feed(piece); };
  const bool zstd = compressed == "zstd" || (compressed != "gzip" && looks_like_zstd(payload));
  const DecompressStatus status = zstd ? decompress_zstd(pieces, limit, holder->share(), sink)
                                       : decompress_gzip(pieces, limit, holder->share(), sink);
  entries.end();
  if (entries.over_budget()) return {false, std::string(to_text(DecompressStatus::over_budget))};
  if (!well_formed) return {false, "malformed msgpack inside"};
  if (status != DecompressStatus::ok) return {false, std::string(to_text(status))};
  if (entries.has_tail()) drops.truncated_entry.add();
  collector.receipt(std::move(hold));
  return {};
}

}  // namespace logboom::in_forward
