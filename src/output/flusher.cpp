#include "output/flusher.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "output/dead_letters.hpp"
#include "output/picked_events.hpp"

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// How long `stop` waits after the deadline for a write that was asked to give up.
constexpr auto patience = 1s;
/// The same, where others have used that up.
constexpr auto least_patience = 100ms;
/// When a chunk that is to be a dead letter, but can't be read, comes again.
constexpr auto unreadable_wait = 10s;
/// At the end there is no time for longer waits between two attempts.
constexpr std::chrono::nanoseconds longest_wait_at_end = 1s;

std::string seconds_text(std::chrono::nanoseconds time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return cat(tenths / 10, ".", tenths % 10, " s");
}

}  // namespace

Flusher::Flusher(ChunkOutput& output, ChunkOutput* secondary, Buffer& buffer, const BufferSettings& settings,
                 OutputCounters& counters, const SinkContext& context)
    : output_(output),
      secondary_(secondary),
      buffer_(buffer),
      settings_(settings),
      counters_(counters),
      id_(context.id),
      log_(context.log),
      dead_letters_(settings.keep_dead_letters ? context.dead_letters : nullptr),
      commits_(std::make_shared<PendingCommits>(settings.commit_timeout)),
      deadline_(Clock::time_point::max().time_since_epoch().count()),
      retry_(settings.retry) {}

Flusher::~Flusher() {
  if (!threads_.empty()) {
    deadline_ = Clock::time_point::min().time_since_epoch().count();
    stopping_ = true;
    for_each_output([](ChunkOutput& output) { output.interrupt(); });
    wake();
    for (std::thread& thread : threads_) thread.join();
  }
  commits_->close();
}

/// Threads that wait for a chunk, or for the end of a pause, look about them.
void Flusher::wake() {
  {
    const std::lock_guard lock(mutex_);
    pauses_end_.notify_all();
  }
  buffer_.wake();
}

void Flusher::start() {
  commits_->open([this] { buffer_.wake(); });
  for_each_output([this](ChunkOutput& output) { output.set_commits(commits_); });
  running_ = settings_.flush_threads;
  for (unsigned i = 0; i < settings_.flush_threads; ++i) threads_.emplace_back([this, i] { run(i == 0); });
}

void Flusher::request_reopen() {
  reopen_ = true;
  wake();
}

bool Flusher::out_of_time() const noexcept {
  return stopping_ && Clock::now() >= Clock::time_point(Clock::duration(deadline_.load()));
}

/// A drain that waits for another attempt, perhaps for hours, looks less often whether the others are done.
bool Flusher::has_ended() const { return out_of_time() || ((stopping_ || draining_) && buffer_.empty()); }

void Flusher::run(bool first) {
  bool wrote = false;
  while (!has_ended()) turn(first, wrote);
  std::function<void()> drained;
  {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) drained = std::exchange(drained_, nullptr);
    ended_.notify_all();
    buffer_.wake();
  }
  if (drained) drained();
}

void Flusher::turn(bool first, bool& wrote) {
  const std::uint64_t wakes = buffer_.wakes();
  if (first) reopen_if_asked();
  settle_commits();
  const Chunk* chunk = take(first, wrote, wakes);
  if (chunk == nullptr) return pause(settings_.idle_look, first);
  attempt(*chunk);
  wrote = true;
  pause(settings_.pause_after_write, first);
}

const Chunk* Flusher::take(bool first, bool& wrote, std::uint64_t wakes) {
  if (wrote && first) {
    if (const Chunk* chunk = buffer_.take(Clock::time_point::min(), wakes)) return chunk;
    const std::unique_lock lock(writing_);
    for_each_output([](ChunkOutput& output) { output.idle(); });
    wrote = false;
  }
  auto until = commits_->next_overdue();
  if (stopping_ || draining_) {
    // Others may still write the last chunk: what they do with it wakes nobody.
    until = std::min(until, Clock::now() + (stopping_ ? 20ms : 200ms));
  } else if (settings_.idle_look.count() > 0) {
    until = Clock::time_point::min();  // the pause is the wait
  }
  return buffer_.take(until, wakes);
}

/// Ends early when there is something else to do than to write.
void Flusher::pause(std::chrono::nanoseconds time, bool first) {
  if (time.count() == 0) return;
  const auto hurry = [this, first] { return stopping_ || draining_ || (first && reopen_); };
  std::unique_lock lock(mutex_);
  pauses_end_.wait_for(lock, time, hurry);
}

void Flusher::settle_commits() {
  for (const auto& [chunk, result] : commits_->take(Clock::now())) complete(*chunk, result);
}

void Flusher::reopen_if_asked() {
  if (!reopen_.exchange(false)) return;
  const std::unique_lock lock(writing_);
  for_each_output([](ChunkOutput& output) { output.reopen(); });
}

template <class F>
void Flusher::for_each_output(F&& call) {
  call(output_);
  if (secondary_ != nullptr) call(*secondary_);
}

WriteResult Flusher::write(ChunkOutput& output, const Chunk& chunk) {
  const std::shared_lock lock(writing_);
  try {
    return output.write(chunk);
  } catch (const std::exception& e) {
    return {WriteResult::Status::retry, e.what(), 0};
  }
}

void Flusher::attempt(const Chunk& chunk) {
  const auto begin = Clock::now();
  const WriteResult result = write(output_, chunk);
  const auto took = Clock::now() - begin;
  if (took >= settings_.slow_flush && settings_.slow_flush.count() > 0) {
    log_.warn(cat(id_, ": writing chunk ", chunk.id, " took ", seconds_text(took)));
  }
  const bool pending = result.status == WriteResult::Status::pending;
  if (pending) buffer_.sent(chunk);
  commits_->written(chunk, pending, Clock::now());
  if (!pending) complete(chunk, result);
}

void Flusher::complete(const Chunk& chunk, const WriteResult& result) {
  switch (result.status) {
    case WriteResult::Status::done: succeeded(chunk, result); break;
    case WriteResult::Status::retry: failed(chunk, result.reason); break;
    case WriteResult::Status::refused: refused(chunk, result.reason); break;
    case WriteResult::Status::pending: failed(chunk, "it was committed as pending"); break;
  }
}

void Flusher::succeeded(const Chunk& chunk, const WriteResult& result) {
  if (chunk.attempts > 0) {
    log_.info(cat(id_, ": chunk ", chunk.id, " is written after ", chunk.attempts,
                  chunk.attempts == 1 ? " failed attempt" : " failed attempts"));
  }
  written(chunk, result);
}

/// By the output or by its secondary one, but for events that it can't write.
void Flusher::written(const Chunk& chunk, const WriteResult& result) {
  std::uint64_t suppressed = 0;
  const bool kept = keep_invalid(chunk, result);
  if (!kept && result.invalid_events > 0) buffer_.kept_nowhere(chunk);
  if (result.invalid_events > 0 && invalid_log_.due(suppressed)) {
    log_.warn(cat(id_, ": ", result.invalid_events, " events of chunk ", chunk.id, " can't be written and are ",
                  kept ? "kept as dead letters" : "dropped", result.reason.empty() ? "" : ": ", result.reason));
  }
  buffer_.done(chunk, result.invalid_events);
}

/// What goes on where they can't be kept: the chunk is written, and must not come again.
bool Flusher::keep_invalid(const Chunk& chunk, const WriteResult& result) {
  if (dead_letters_ == nullptr || result.invalid_events == 0) return false;
  const PickedEvents picked(chunk, result.invalid);
  Chunk invalid;
  invalid.id = chunk.id;
  invalid.source = &picked;
  invalid.events = result.invalid_events;
  invalid.bytes = result.invalid_bytes;
  const std::string reason = result.reason.empty() ? "it can't be written" : result.reason;
  try {
    if (!dead_letters_->store(id_, invalid, cat("invalid: ", reason))) return false;
  } catch (const ChunkUnreadable& error) {
    log_.error(cat(id_, ": events of chunk ", chunk.id, " are no dead letters: ", std::string_view(error.what())));
    return false;
  }
  counters_.dead_letters.add(invalid.events);
  return true;
}

void Flusher::failed(const Chunk& chunk, const std::string& reason) {
  counters_.write_errors.add();
  const auto now = Clock::now();
  const unsigned attempts = chunk.attempts + 1;
  const auto failing_for = now - chunk.failing_since.value_or(now);
  std::optional<std::chrono::nanoseconds> wait;
  {
    const std::lock_guard lock(mutex_);
    wait = retry_.next(attempts, failing_for);
  }
  if ((!wait || retry_.is_for_secondary(attempts, failing_for)) && save(chunk, reason)) return;
  if (!wait) {
    give_up(chunk, DropReason::retry_limit, cat("given up after ", attempts, " attempts"), reason);
    return;
  }
  const bool at_end = stopping_;
  if (at_end) wait = std::min(*wait, longest_wait_at_end);
  log_.warn(cat(id_, ": could not write chunk ", chunk.id, " (attempt ", attempts, "): ", reason, "; next attempt in ",
                seconds_text(*wait)));
  buffer_.retry(chunk, now + *wait);
  if (!at_end && stopping_) buffer_.flush_now();
}

/// To the secondary output. False where there is none, or it can't write the chunk either.
bool Flusher::save(const Chunk& chunk, const std::string& reason) {
  if (secondary_ == nullptr) return false;
  const WriteResult result = write(*secondary_, chunk);
  const bool pending = result.status == WriteResult::Status::pending;
  if (pending) buffer_.sent(chunk);
  commits_->written(chunk, pending, Clock::now());
  if (pending) return true;
  if (result.status != WriteResult::Status::done) {
    log_.warn(cat(id_, ": the secondary output could not write chunk ", chunk.id, " either: ", result.reason));
    return false;
  }
  log_.warn(cat(id_, ": chunk ", chunk.id, ", ", chunk.events, " events, went to the secondary output: ", reason));
  written(chunk, result);
  return true;
}

void Flusher::refused(const Chunk& chunk, const std::string& reason) {
  counters_.write_errors.add();
  if (save(chunk, reason)) return;
  give_up(chunk, DropReason::refused, "refused", reason);
}

/// The chunk's last place: the dead letters, if there is a store of them.
void Flusher::give_up(const Chunk& chunk, DropReason why, const std::string& what, const std::string& reason) {
  std::string_view fate = "dropped (<system> root_dir would keep them)";
  bool kept = false;
  if (dead_letters_ != nullptr) {
    try {
      kept = dead_letters_->store(id_, chunk, cat(what, ": ", reason));
    } catch (const ChunkUnreadable& error) {
      log_.error(cat(id_, ": chunk ", chunk.id, " is ", what, ", and no dead letter yet: ", error.what()));
      return buffer_.retry(chunk, Clock::now() + unreadable_wait);
    }
    if (kept) counters_.dead_letters.add(chunk.events);
    fate = kept ? "kept as dead letters" : "dropped, as the dead letters can't be written";
  }
  log_.error(cat(id_, ": chunk ", chunk.id, " is ", what, ", ", chunk.events, " events are ", fate, ": ", reason));
  if (!kept) buffer_.kept_nowhere(chunk);
  buffer_.drop(chunk, why);
}

bool Flusher::wait_for_end(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return ended_.wait_until(lock, deadline, [this] { return running_ == 0; });
}

void Flusher::drain(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (running_ != 0) drained_ = std::exchange(done, nullptr);
  }
  if (done) return done();
  buffer_.drain();
  draining_ = true;
  wake();
}

void Flusher::begin_stop(Clock::time_point deadline) {
  stopping_ = true;
  if (settings_.flush_at_shutdown) {
    buffer_.drain();
  } else if (buffer_.survives()) {
    deadline = Clock::now();
  } else {
    buffer_.discard();
  }
  deadline_ = deadline.time_since_epoch().count();
  wake();
}

Stopped Flusher::stop(Clock::time_point deadline) {
  if (!stopping_) begin_stop(deadline);
  const auto latest = deadline + patience;
  deadline = Clock::time_point(Clock::duration(deadline_.load()));
  if (!wait_for_end(deadline + 50ms)) {
    for_each_output([](ChunkOutput& output) { output.interrupt(); });
    buffer_.wake();
    const auto now = Clock::now();
    if (!wait_for_end(std::max(now + least_patience, std::min(now + patience, latest)))) {
      log_.error(
          cat(id_, ": a write does not come back, ", buffer_.totals().buffered_events, " events are not written"));
      return Stopped::stuck;
    }
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  for_each_output([](ChunkOutput& output) {
    output.idle();
    output.stop();
  });
  for (const Chunk* chunk : commits_->close()) buffer_.retry(*chunk, Clock::now());
  const std::uint64_t left = buffer_.discard();
  if (left == 0) return Stopped::clean;
  log_.error(cat(id_, ": ", left, " events could not be written before the end and are dropped"));
  return Stopped::left_over;
}

}  // namespace logboom
