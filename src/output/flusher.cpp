#include "output/flusher.hpp"

#include <exception>
#include <utility>

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// How long `stop` waits after the deadline for a write that was asked to give up.
constexpr auto patience = 1s;

std::string seconds_text(std::chrono::nanoseconds time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return cat(tenths / 10, ".", tenths % 10, " s");
}

}  // namespace

Flusher::Flusher(ChunkOutput& output, Buffer& buffer, const BufferSettings& settings, OutputCounters& counters,
                 std::string id, Log& log)
    : output_(output),
      buffer_(buffer),
      settings_(settings),
      counters_(counters),
      id_(std::move(id)),
      log_(log),
      deadline_(Clock::time_point::max().time_since_epoch().count()),
      retry_(settings.retry) {}

Flusher::~Flusher() {
  if (threads_.empty()) return;
  deadline_ = Clock::time_point::min().time_since_epoch().count();
  stopping_ = true;
  output_.interrupt();
  buffer_.wake();
  for (std::thread& thread : threads_) thread.join();
}

void Flusher::start() {
  running_ = settings_.flush_threads;
  for (unsigned i = 0; i < settings_.flush_threads; ++i) threads_.emplace_back([this, i] { run(i == 0); });
}

void Flusher::request_reopen() {
  reopen_ = true;
  buffer_.wake();
}

bool Flusher::out_of_time() const noexcept {
  return stopping_ && Clock::now() >= Clock::time_point(Clock::duration(deadline_.load()));
}

void Flusher::run(bool first) {
  bool wrote = false;
  while (!out_of_time() && !(stopping_ && buffer_.empty())) turn(first, wrote);
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_all();
  buffer_.wake();
}

void Flusher::turn(bool first, bool& wrote) {
  const std::uint64_t wakes = buffer_.wakes();
  if (first) reopen_if_asked();
  const Chunk* chunk = nullptr;
  if (wrote && first) {
    chunk = buffer_.take(Clock::time_point::min(), wakes);
    if (chunk == nullptr) {
      const std::unique_lock lock(writing_);
      output_.idle();
      wrote = false;
    }
  }
  if (chunk == nullptr) {
    // While stopping, others may still write the last chunk: what they do with it wakes nobody.
    const auto until = stopping_ ? Clock::now() + 20ms : Clock::time_point::max();
    chunk = buffer_.take(until, wakes);
  }
  if (chunk == nullptr) return;
  attempt(*chunk);
  wrote = true;
}

void Flusher::reopen_if_asked() {
  if (!reopen_.exchange(false)) return;
  const std::unique_lock lock(writing_);
  output_.reopen();
}

WriteResult Flusher::write(const Chunk& chunk) {
  const std::shared_lock lock(writing_);
  try {
    return output_.write(chunk);
  } catch (const std::exception& e) {
    return {WriteResult::Status::retry, e.what(), 0};
  }
}

void Flusher::attempt(const Chunk& chunk) {
  const auto begin = Clock::now();
  const WriteResult result = write(chunk);
  const auto took = Clock::now() - begin;
  if (took >= settings_.slow_flush && settings_.slow_flush.count() > 0) {
    log_.warn(cat(id_, ": writing chunk ", chunk.id, " took ", seconds_text(took)));
  }
  switch (result.status) {
    case WriteResult::Status::done: succeeded(chunk, result); break;
    case WriteResult::Status::retry: failed(chunk, result.reason); break;
    case WriteResult::Status::refused: refused(chunk, result.reason); break;
  }
}

void Flusher::succeeded(const Chunk& chunk, const WriteResult& result) {
  if (chunk.attempts > 0) {
    log_.info(cat(id_, ": chunk ", chunk.id, " is written after ", chunk.attempts,
                  chunk.attempts == 1 ? " failed attempt" : " failed attempts"));
  }
  std::uint64_t suppressed = 0;
  if (result.invalid_events > 0 && invalid_log_.due(suppressed)) {
    log_.warn(cat(id_, ": ", result.invalid_events, " events of chunk ", chunk.id, " can't be written and are dropped",
                  result.reason.empty() ? "" : ": ", result.reason));
  }
  buffer_.done(chunk, result.invalid_events);
}

void Flusher::failed(const Chunk& chunk, const std::string& reason) {
  counters_.write_errors.add();
  const auto now = Clock::now();
  const unsigned attempts = chunk.attempts + 1;
  std::optional<std::chrono::nanoseconds> wait;
  {
    const std::lock_guard lock(mutex_);
    wait = retry_.next(attempts, now - chunk.failing_since.value_or(now));
  }
  if (!wait) {
    log_.error(cat(id_, ": chunk ", chunk.id, " is given up after ", attempts, " attempts, ", chunk.events,
                   " events are dropped: ", reason));
    buffer_.drop(chunk, DropReason::retry_limit);
    return;
  }
  log_.warn(cat(id_, ": could not write chunk ", chunk.id, " (attempt ", attempts, "): ", reason, "; next attempt in ",
                seconds_text(*wait)));
  buffer_.retry(chunk, now + *wait);
}

void Flusher::refused(const Chunk& chunk, const std::string& reason) {
  counters_.write_errors.add();
  log_.error(cat(id_, ": chunk ", chunk.id, " is refused, ", chunk.events, " events are dropped: ", reason));
  buffer_.drop(chunk, DropReason::refused);
}

bool Flusher::wait_for_end(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return ended_.wait_until(lock, deadline, [this] { return running_ == 0; });
}

Stopped Flusher::stop(Clock::time_point deadline) {
  if (settings_.flush_at_shutdown) {
    buffer_.drain();
  } else {
    buffer_.discard();
  }
  deadline_ = deadline.time_since_epoch().count();
  stopping_ = true;
  buffer_.wake();
  if (!wait_for_end(deadline + 50ms)) {
    output_.interrupt();
    buffer_.wake();
    if (!wait_for_end(Clock::now() + patience)) {
      log_.error(
          cat(id_, ": a write does not come back, ", buffer_.totals().buffered_events, " events are not written"));
      return Stopped::stuck;
    }
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  output_.idle();
  output_.stop();
  const std::uint64_t left = buffer_.discard();
  if (left == 0) return Stopped::clean;
  log_.error(cat(id_, ": ", left, " events could not be written before the end and are dropped"));
  return Stopped::left_over;
}

}  // namespace logboom
