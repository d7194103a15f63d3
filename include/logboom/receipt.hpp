#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace logboom {

/// The promise to answer one message that asked for an acknowledgement.
///
/// Whoever takes responsibility for the message's events holds a share and calls `confirm` once they are safe in its
/// own way, or known not to be wanted (filtered, unmatched, dropped and counted), or `lose` where an output's last hope
/// for them is gone. When every share is gone the target hears of it once: confirmed, if every share was; else failed,
/// and then no ack may be sent.
///
/// Threads: shares may be confirmed, lost or destroyed on any thread; the target's `settled` runs on the last one's.
class Receipt {
 public:
  class Target {
   public:
    virtual ~Target() = default;
    /// Events of it are dropped, counted, and kept nowhere. True where that is as good as confirmed, as for senders:
    /// sending them again would not help. Before `settled`, perhaps several times at once.
    virtual bool accepts_loss() noexcept { return true; }
    /// Called once; afterwards the target is deleted.
    virtual void settled(bool confirmed) noexcept = 0;

   private:
    friend class Receipt;
    std::atomic<std::uint32_t> shares_{1};
    std::atomic<bool> failed_{false};
  };

  Receipt() = default;
  /// Takes ownership of `target`, made with new.
  explicit Receipt(Target* target) noexcept : target_(target) {}
  Receipt(Receipt&& other) noexcept : target_(std::exchange(other.target_, nullptr)) {}
  Receipt& operator=(Receipt&& other) noexcept {
    if (this != &other) {
      leave(false);
      target_ = std::exchange(other.target_, nullptr);
    }
    return *this;
  }
  ~Receipt() { leave(false); }

  explicit operator bool() const noexcept { return target_ != nullptr; }
  /// One more share of the same promise.
  Receipt share() const noexcept {
    if (target_ != nullptr) target_->shares_.fetch_add(1, std::memory_order_relaxed);
    return Receipt(target_);
  }
  /// This share's part is done.
  void confirm() noexcept { leave(true); }
  /// The events of this share are dropped, counted, and kept nowhere.
  void lose() noexcept { leave(target_ == nullptr || target_->accepts_loss()); }

 private:
  void leave(bool confirmed) noexcept {
    Target* target = std::exchange(target_, nullptr);
    if (target == nullptr) return;
    if (!confirmed) target->failed_.store(true, std::memory_order_relaxed);
    if (target->shares_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    target->settled(!target->failed_.load(std::memory_order_relaxed));
    delete target;
  }

  Target* target_ = nullptr;
};

/// When a message's events are safe enough to be confirmed.
enum class AckLevel : std::uint8_t {
  by_output,  // when the output's buffer holds them in its own way: in memory, on disk, or where there is no buffer
              // worth the name, written
  memory,     // when they are appended
  disk,       // when they are on disk (fdatasync); a buffer in memory confirms them when they are appended
  delivered,  // when the output has written them, for which they are due at once
};

/// The receipts of all messages whose events travel in one batch.
class Receipts {
 public:
  AckLevel level = AckLevel::by_output;

  void add(Receipt receipt) { list_.push_back(std::move(receipt)); }
  bool empty() const noexcept { return list_.empty(); }
  Receipts share() const {
    Receipts copy;
    copy.level = level;
    copy.list_.reserve(list_.size());
    for (const Receipt& receipt : list_) copy.list_.push_back(receipt.share());
    return copy;
  }
  void take(Receipts&& other) {
    for (Receipt& receipt : other.list_) list_.push_back(std::move(receipt));
    other.list_.clear();
  }
  void confirm() noexcept {
    for (Receipt& receipt : list_) receipt.confirm();
    list_.clear();
  }
  void lose() noexcept {
    for (Receipt& receipt : list_) receipt.lose();
    list_.clear();
  }

 private:
  std::vector<Receipt> list_;
};

}  // namespace logboom
