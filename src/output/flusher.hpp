#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include <logboom/buffer.hpp>
#include <logboom/log.hpp>
#include <logboom/output.hpp>

#include "output/commits.hpp"
#include "output/retry.hpp"
#include "output/sink.hpp"

namespace logboom {

/// The flush threads of one output: take a chunk, write it, and see to what came of it.
///
/// Threads: `start`, `begin_stop`, `stop` and the destructor on one thread; `request_reopen` on any. The references
/// outlive this.
class Flusher {
 public:
  using Clock = std::chrono::steady_clock;

  /// `secondary` may be null.
  Flusher(ChunkOutput& output, ChunkOutput* secondary, Buffer& buffer, const BufferSettings& settings,
          OutputCounters& counters, const SinkContext& context);
  /// Waits for threads that still run.
  ~Flusher();

  void start();
  void request_reopen();
  /// The threads end when the buffer is empty; the last one calls `done`.
  void drain(std::function<void()> done);
  /// From here on it ends, at the deadline or before; `stop` waits for that.
  void begin_stop(Clock::time_point deadline);
  /// `begin_stop`, where that was not called before, and the end.
  Stopped stop(Clock::time_point deadline);

 private:
  void run(bool first);
  void turn(bool first, bool& wrote);
  const Chunk* take(bool first, bool& wrote, std::uint64_t wakes);
  void pause(std::chrono::nanoseconds time, bool first);
  void settle_commits();
  void wake();
  void reopen_if_asked();
  void attempt(const Chunk& chunk);
  void complete(const Chunk& chunk, const WriteResult& result);
  WriteResult write(ChunkOutput& output, const Chunk& chunk);
  bool save(const Chunk& chunk, const std::string& reason);
  template <class F>
  void for_each_output(F&& call);
  void succeeded(const Chunk& chunk, const WriteResult& result);
  void written(const Chunk& chunk, const WriteResult& result);
  bool keep_invalid(const Chunk& chunk, const WriteResult& result);
  void failed(const Chunk& chunk, const std::string& reason);
  void refused(const Chunk& chunk, const std::string& reason);
  void give_up(const Chunk& chunk, DropReason why, const std::string& what, const std::string& reason);
  bool out_of_time() const noexcept;
  bool has_ended() const;
  bool wait_for_end(Clock::time_point deadline);

  ChunkOutput& output_;
  ChunkOutput* secondary_;
  Buffer& buffer_;
  const BufferSettings settings_;
  OutputCounters& counters_;
  const std::string id_;
  Log& log_;
  DeadLetters* const dead_letters_;
  LogLimiter invalid_log_{std::chrono::seconds(10)};

  const std::shared_ptr<PendingCommits> commits_;

  std::vector<std::thread> threads_;
  std::atomic<bool> reopen_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> draining_{false};
  std::atomic<Clock::rep> deadline_;
  /// Writes share it; reopening and idling, which the first thread does, have it alone.
  std::shared_mutex writing_;

  std::mutex mutex_;
  std::condition_variable ended_;
  std::condition_variable pauses_end_;
  std::size_t running_ = 0;
  std::function<void()> drained_;
  RetryPolicy retry_;
};

}  // namespace logboom
