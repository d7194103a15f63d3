#pragma once

#include <mutex>
#include <vector>

#include <logboom/duplicate_window.hpp>

namespace logboom {

/// A memory buffer's DuplicateWindow, for several threads. Receipts are confirmed outside of its lock.
class Duplicates {
 public:
  using Clock = DuplicateWindow::Clock;
  using Met = DuplicateWindow::Met;

  void start(const DuplicateWindow::Limits& limits) { window_ = DuplicateWindow(limits); }
  Met meet(Delivery& delivery, Clock::time_point now, std::uint32_t parts) {
    const std::lock_guard lock(mutex_);
    return window_.meet(delivery.id, delivery.receipts, now, parts);
  }
  /// The chunk with these messages was written, or dropped and counted; or it is lost.
  void settle(const std::vector<MessageId>& ids, Clock::time_point now, bool safe) {
    Receipts receipts;
    {
      const std::lock_guard lock(mutex_);
      for (const MessageId& id : ids) receipts.take(safe ? window_.settle(id, now) : window_.forget(id));
    }
    if (safe) receipts.confirm();
  }

 private:
  std::mutex mutex_;
  DuplicateWindow window_;
};

}  // namespace logboom
