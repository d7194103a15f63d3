#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <logboom/chunk_queue.hpp>
#include <logboom/duplicate_window.hpp>
#include <logboom/log.hpp>

#include "catalog.hpp"
#include "directory.hpp"
#include "journal.hpp"
#include "options.hpp"
#include "recovery.hpp"
#include "store.hpp"

namespace logboom {

/// What a batch counts with beside its bytes, while it is reserved and in its frame.
inline constexpr std::uint64_t frame_overhead = 32;

/// Keeps events in files until they are written by the output: see this folder's README.
///
/// Threads beside those of Buffer: the store's writer and syncer; one that reads what is there from before, at the
/// start.
class FileBuffer final : public Buffer {
 public:
  using Options = buf_file::FileOptions;

  FileBuffer(Options options, BuildContext& context);
  /// For tests: with its own way to the files.
  FileBuffer(Options options, BuildContext& context, buf_file::FileOps& ops);
  ~FileBuffer() override;

  void start(const BufferSettings& settings, OutputCounters& counters) override;
  void open() override;
  void set_on_space(std::function<void()> on_space) override { queue_.set_on_space(std::move(on_space)); }
  bool reserve(const EventBatch& batch) noexcept override;
  void release_reservation(const EventBatch& batch) noexcept override;
  void append(Delivery delivery) override;
  std::uint64_t wakes() const noexcept override { return queue_.wakes(); }
  const Chunk* take(Clock::time_point until, std::uint64_t seen) override { return queue_.take(until, seen); }
  void wake() override { queue_.wake(); }
  void sent(const Chunk& chunk) override { queue_.sent(chunk); }
  void done(const Chunk& chunk, std::uint64_t invalid_events) override { queue_.done(chunk, invalid_events); }
  void retry(const Chunk& chunk, Clock::time_point at) override { queue_.retry(chunk, at); }
  void drop(const Chunk& chunk, DropReason reason) override { queue_.drop(chunk, reason); }
  void kept_nowhere(const Chunk& chunk) override { queue_.kept_nowhere(chunk); }
  void flush_now() override { queue_.flush_now(); }
  /// Ends early where a buffer that a reload has made asks for the directory: it sends the rest.
  void drain() override;
  Keeping keeping() const noexcept override {
    return options_.sync == buf_file::SyncPolicy::never ? Keeping::unsynced : Keeping::synced;
  }
  bool survives() const noexcept override { return true; }
  /// Everything is written and synced, as far as it can be; the rest is dropped.
  std::uint64_t discard() override;
  bool empty() const override;
  OutputTotals totals() const override;

 private:
  friend class FileChunk;

  void stop();
  void run_recovery(bool locked) noexcept;
  void recover();
  void recover_rest(buf_file::Recovery& recovery, const std::function<void(buf_file::Recovery::Found)>& take_over);
  bool stops_within(std::chrono::seconds time);
  bool wait_for_lock();
  bool is_locked_now();
  void start_store(std::uint64_t buffer, std::uint32_t next_segment);
  void remember(const std::vector<buf_file::SegmentIndex::Message>& messages);
  void report(const buf_file::Recovery::Counts& counts, std::uint64_t chunks, std::uint64_t events);
  void go_on();
  void settle(const std::vector<MessageId>& messages, bool safe);
  std::string chunk_id(std::uint64_t number, const Chunk& chunk, const std::optional<buf_file::Run>& place) const;

  const Options options_;
  buf_file::FileOps& ops_;
  const std::string id_;
  Log& log_;
  buf_file::StoreSettings store_settings_;
  BufferSettings settings_;
  OutputCounters* counters_ = nullptr;
  ChunkKeys keys_;
  std::string field_names_;
  std::uint64_t buffer_ = 0;

  buf_file::DirectoryLock lock_;
  buf_file::Catalog catalog_;
  std::unique_ptr<buf_file::Journal> journal_;
  std::unique_ptr<buf_file::Store> store_;
  ChunkQueue queue_;
  LogLimiter read_complaints_{std::chrono::seconds(60)};
  LogLimiter lock_complaints_{std::chrono::seconds(60)};

  std::mutex window_mutex_;
  DuplicateWindow window_;

  std::atomic<std::uint64_t> staged_{0};
  std::atomic<bool> ready_{false};
  std::atomic<bool> recovering_{false};
  std::atomic<bool> opening_{true};  // until everything from before is found
  std::atomic<bool> draining_{false};
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::optional<EverCounts> before_;
  std::condition_variable changed_;
  std::thread recovery_;
};

}  // namespace logboom
