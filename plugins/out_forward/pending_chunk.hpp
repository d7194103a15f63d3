#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <logboom/output.hpp>

#include "arrived.hpp"

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

/// A chunk whose portions were sent, or are just being sent, and are not all answered. Its place in the window is free
/// when it is settled, or gone. Threads: any.
class PendingChunk {
 public:
  /// `window`: where it has taken a place.
  PendingChunk(const Chunk& chunk, Commit commit, std::shared_ptr<AckWindow> window, std::shared_ptr<Arrived> arrived)
      : chunk_id(chunk.id),
        events(chunk.events),
        commit_(std::move(commit)),
        window_(std::move(window)),
        arrived_(std::move(arrived)) {}
  ~PendingChunk() { window_->give_back(); }
  PendingChunk(const PendingChunk&) = delete;
  PendingChunk& operator=(const PendingChunk&) = delete;

  /// One more portion will be answered.
  void expect() { left_.fetch_add(1); }
  /// A portion was acked. The last one settles the chunk, once all are sent; true where it did.
  bool arrived(std::uint32_t portion) {
    arrived_->add(chunk_id, portion);  // before it counts, so that what is forgotten stays so
    return settled();
  }
  /// All are sent; the same.
  bool all_sent() { return settled(); }
  /// A portion won't be acked: the chunk comes again.
  void failed(const std::string& reason) {
    has_failed_ = true;
    commit_.settle({WriteResult::Status::retry, reason, 0});
  }
  bool has_failed() const noexcept { return has_failed_; }

  const std::string chunk_id;
  const std::uint64_t events;

 private:
  bool settled() {
    if (left_.fetch_sub(1) != 1) return false;
    arrived_->forget(chunk_id);
    commit_.settle({WriteResult::Status::done, {}, 0});
    return true;
  }

  Commit commit_;
  std::shared_ptr<AckWindow> window_;
  std::shared_ptr<Arrived> arrived_;
  std::atomic<std::size_t> left_{1};  // portions, and the news that all are sent
  std::atomic<bool> has_failed_{false};
};

/// A portion whose messages are not all answered. Threads: any.
class PendingPortion {
 public:
  PendingPortion(std::shared_ptr<PendingChunk> whole, std::uint32_t number, std::size_t messages)
      : chunk(std::move(whole)), number_(number), left_(messages) {
    chunk->expect();
  }
  /// One of its messages was acked. True where that settled the chunk.
  bool answered() { return left_.fetch_sub(1) == 1 && chunk->arrived(number_); }

  const std::shared_ptr<PendingChunk> chunk;

 private:
  const std::uint32_t number_;
  std::atomic<std::size_t> left_;
};

}  // namespace logboom::out_forward
