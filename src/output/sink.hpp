#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <logboom/buffer.hpp>
#include <logboom/event.hpp>
#include <logboom/log.hpp>
#include <logboom/metrics.hpp>
#include <logboom/output.hpp>

namespace logboom {

class DeadLetters;

/// How a sink's shutdown ended.
enum class Stopped : std::uint8_t {
  clean,      // everything was written, kept by a buffer that survives, or dropped and counted before
  left_over,  // the time was over: the rest was dropped, counted with the reason `shutdown`, and not confirmed
  stuck,      // a write does not come back: the sink and its output must not be destroyed, the process has to exit
};

/// Where the dispatcher leaves batches for one output, whatever is behind it.
///
/// Threads: `reserve`, `unreserve` and `append` on any worker; `flush_now`, `expect_stop`, `reopen` and `totals` on any
/// thread; the rest on the main thread. Call order: `set_on_space`, `start`, then batches, then `stop`, perhaps with
/// `drain` or `begin_stop` before it, once no more come.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Counts what the batch will hold. False: no room; on_space is called later. For several outputs: reserve in all,
  /// then append to all; give back what the others reserved where one says no.
  virtual bool reserve(const EventBatch& batch) noexcept = 0;
  virtual void unreserve(const EventBatch& batch) noexcept = 0;
  /// Takes over the batch and its receipts; only after `reserve` said yes to this batch.
  virtual void append(Delivery delivery) = 0;
  /// Counts the batch as dropped for lack of room: after `reserve` said no, where nobody waits for this output.
  virtual void refuse(Delivery delivery) = 0;
  /// `on_space` is called on any thread, perhaps once too often.
  virtual void set_on_space(std::function<void()> on_space) = 0;

  /// Starts the output, then its threads. Throws what the output's `start` throws.
  virtual void start() = 0;
  /// SIGUSR1, one half: what is buffered is written now.
  virtual void flush_now() {}
  /// The end is near, though batches may still come: what won't be dropped then may be written now.
  virtual void expect_stop() {}
  /// SIGUSR1, the other half: files are opened anew before the next write.
  virtual void reopen() {}
  /// No more batches will come: what is buffered is written for as long as that takes, then `done` is called once, on
  /// any thread, and `stop` will not wait.
  virtual void drain(std::function<void()> done) = 0;
  /// The first half of `stop`, which waits for the other: sinks that end together are all told first, so that none
  /// waits for another one's end to begin its own.
  virtual void begin_stop(std::chrono::steady_clock::time_point) {}
  /// Writes what is buffered, trying again what fails, until `deadline`, or that of `begin_stop` where that was called;
  /// returns a little later at most.
  virtual Stopped stop(std::chrono::steady_clock::time_point deadline) = 0;

  virtual OutputTotals totals() const = 0;
  /// What is buffered is there again in the next process.
  virtual bool survives() const noexcept { return true; }
  /// By reason, what `totals` has as sums. Null where nothing is counted.
  virtual const OutputCounters* counters() const noexcept { return nullptr; }
};

/// What a sink needs beside its output. The references outlive the sink.
struct SinkContext {
  std::string id;
  MetricLabels labels;  // id and type of the output
  Log& log;
  Metrics& metrics;
  DeadLetters* dead_letters = nullptr;  // null: what can't be delivered is dropped
};

/// The output outlives the sink.
std::unique_ptr<Sink> make_direct_sink(DirectOutput& output, SinkContext context);
/// The settings are those that `buffer_settings` made for this output.
/// `secondary`, which may be null, gets the chunks that the output refuses, or has failed to write for too long.
std::unique_ptr<Sink> make_buffered_sink(ChunkOutput& output, ChunkOutput* secondary, std::unique_ptr<Buffer> buffer,
                                         const BufferSettings& settings, SinkContext context);

}  // namespace logboom
