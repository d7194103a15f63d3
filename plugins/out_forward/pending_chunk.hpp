#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <logboom/output.hpp>

namespace logboom::out_forward {

/// How many chunks may be sent and not yet answered. Threads: any.
class AckWindow {
 public:
  explicit AckWindow(std::size_t most) : free_(most) {}
  /// Waits for room. False after `interrupt`.
  bool take();
  void give_back();
  /// Nobody waits any more.
  void interrupt();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t free_;
  bool interrupted_ = false;
};

/// A chunk whose messages were sent, or are just being sent, and are not all answered. Its place in the window is free
/// when it is settled, or gone. Threads: any.
class PendingChunk {
 public:
  /// `window`: where it has taken a place.
  PendingChunk(const Chunk& chunk, Commit commit, std::shared_ptr<AckWindow> window)
      : chunk_id(chunk.id), events(chunk.events), commit_(std::move(commit)), window_(std::move(window)) {}
  ~PendingChunk() { window_->give_back(); }
  PendingChunk(const PendingChunk&) = delete;
  PendingChunk& operator=(const PendingChunk&) = delete;

  /// So many messages more will be answered.
  void expect(std::size_t messages) { left_.fetch_add(messages); }
  /// One of its messages was acked, or all are sent, which is said once; the last of these settles the chunk. True
  /// where it did.
  bool answered() {
    if (left_.fetch_sub(1) != 1) return false;
    commit_.settle({WriteResult::Status::done, {}, 0});
    return true;
  }
  /// One of its messages won't be acked: the chunk comes again.
  void failed(const std::string& reason) {
    has_failed_ = true;
    commit_.settle({WriteResult::Status::retry, reason, 0});
  }
  bool has_failed() const noexcept { return has_failed_; }

  const std::string chunk_id;
  const std::uint64_t events;

 private:
  Commit commit_;
  std::shared_ptr<AckWindow> window_;
  std::atomic<std::size_t> left_{1};
  std::atomic<bool> has_failed_{false};
};

}  // namespace logboom::out_forward
