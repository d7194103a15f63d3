#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/chunk.hpp>
#include <logboom/event_sink.hpp>
#include <logboom/holder.hpp>
#include <logboom/plugin.hpp>
#include <logboom/timefmt.hpp>

namespace logboom {

/// Where an output sends a batch: here (to itself, as a sink), on to a label's rules, to stores of its own, or to
/// several of these. Made once for each tag and pipeline, not for each event.
class RoutePlan {
 public:
  virtual ~RoutePlan() = default;
  virtual void here() = 0;
  virtual void label(const std::string& name) = 0;
  /// How one of several stores stands to the others.
  struct StoreMode {
    /// Where it has no room its copy is dropped and counted, and the others go on.
    bool ignore_error = false;
    /// It gets events only where the store before it, which has `ignore_error`, had no room.
    bool only_after_failure = false;
  };
  virtual void store(std::size_t index, StoreMode mode) = 0;
  void store(std::size_t index) { store(index, StoreMode()); }
  struct Choice {
    std::size_t store;
    unsigned weight;
  };
  /// Each batch goes to one of these, in turn, as often as its weight says.
  virtual void one_of(const std::vector<Choice>& choices) = 0;
};

/// What a `<match>` or `<store>` names. A plugin derives from DirectOutput or ChunkOutput if it is a sink, from
/// EmitOutput if it looks at events and sends them on, and from Output itself if it only routes.
class Output : public Plugin {
 public:
  virtual void plan(RoutePlan& plan) { plan.here(); }
  /// Once, before any event and on the main thread. May throw std::system_error or ConfigError.
  virtual void start() {}
};

/// A sink that takes batches at once on the worker's thread: it may be called from several workers at the same time,
/// and must neither block nor fail.
class DirectOutput : public Output {
 public:
  virtual void consume(const EventBatch& batch) noexcept = 0;
};

/// Where an EmitOutput puts events: into the rules of its `@label`, or else of the label where its `<match>` stands,
/// from the top. Each event of the batch is emitted, replaced, dropped, failed (under the tag that it came with) or
/// held.
class EmitSink : public EventSink {
 public:
  /// The event as it is under another tag; its bytes are not copied.
  virtual void emit(std::string_view tag, const Event& event) = 0;
  /// The same, into the rules of a label that the plugin named to BuildContext::label.
  virtual void emit_to(std::string_view label, std::string_view tag, const Event& event) = 0;
  /// The event with this time and record, which is copied once.
  virtual void replace(std::string_view tag, const Event& event, const EventTime& time, std::string_view record) = 0;
  /// For an output with a Holder: an event that `held` events have become.
  virtual void release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held) = 0;
};

/// An output that sends events on, under other tags or changed.
///
/// Threads: `process` may run on several workers at once, as Filter::apply does, and must not block.
class EmitOutput : public Output {
 public:
  virtual void process(const EventBatch& batch, EmitSink& sink) = 0;
  /// Not null where the output holds events back.
  virtual Holder* holder() noexcept { return nullptr; }
};

/// A way from an output's flush threads back into the rules: into those of its `@label`, or else of the label where its
/// `<match>` stands. What is sent is counted as made. Threads: any. Lives as long as the output.
class Reemitter {
 public:
  virtual ~Reemitter() = default;
  /// Takes the delivery over. Its receipts are confirmed when every output on its way has it in its own way, and
  /// destroyed unconfirmed where that can't be any more.
  virtual void emit(Delivery delivery) = 0;
};

/// Some events of a chunk, by their places in it.
class EventSet {
 public:
  void add(std::uint64_t place) {
    if (place / 64 >= words_.size()) words_.resize(place / 64 + 1);
    words_[place / 64] |= std::uint64_t{1} << place % 64;
  }
  bool contains(std::uint64_t place) const noexcept {
    return place / 64 < words_.size() && (words_[place / 64] >> place % 64 & 1) != 0;
  }

 private:
  std::vector<std::uint64_t> words_;
};

/// What came of an attempt to write a chunk.
struct WriteResult {
  enum class Status : std::uint8_t {
    done,
    retry,    // not now: the same chunk comes again later
    refused,  // never: the chunk is kept as a dead letter, or dropped and counted with the reason
    pending,  // not known yet: the output settles the chunk's Commit
  };
  Status status = Status::done;
  std::string reason;
  /// Events of the chunk that could not be written for a reason of their own: counted as dropped, and kept as dead
  /// letters. Which they are, and the size of their entries.
  std::uint64_t invalid_events = 0;
  std::uint64_t invalid_bytes = 0;
  EventSet invalid{};

  /// One more invalid event, from its place in the chunk: see Chunk::for_each.
  void add_invalid(std::uint64_t place, const Event& event) {
    invalid.add(place);
    invalid_bytes += event.entry.size();
    ++invalid_events;
  }
};

/// Where the core hears of chunks whose fate an output learns after `write`. For Commit only.
class Commits {
 public:
  virtual ~Commits() = default;
  virtual void expect(const std::string& key) = 0;
  virtual void settle(const std::string& key, WriteResult result) = 0;
};

/// An output's promise to say later what came of a chunk. It may be copied, and outlive the output.
///
/// Threads: any. What is said after `delayed_commit_timeout`, when the chunk counts as failed and comes again, or after
/// the output was stopped, has no effect.
class Commit {
 public:
  Commit() = default;
  Commit(std::shared_ptr<Commits> commits, const Chunk& chunk) : commits_(std::move(commits)), key_(key_of(chunk)) {
    commits_->expect(key_);
  }
  /// `done`, `retry` or `refused`. Does not block.
  void settle(WriteResult result) const {
    if (commits_) commits_->settle(key_, std::move(result));
  }
  /// One attempt of one chunk.
  static std::string key_of(const Chunk& chunk) { return chunk.id + "/" + std::to_string(chunk.attempts); }

 private:
  std::shared_ptr<Commits> commits_;
  std::string key_;
};

/// What an output's `<buffer>` is when the configuration says nothing.
struct BufferDefaults {
  std::chrono::nanoseconds flush_interval{std::chrono::seconds(60)};
  bool immediate = false;         // flush as soon as there is something
  bool ack_when_written = false;  // receipts are confirmed by a successful write, not by the append
  std::vector<std::string> chunk_keys;
  std::optional<std::chrono::seconds> timekey;
  std::optional<TimeZone> timekey_zone;  // none: local time
};

/// A sink behind a buffer; its `write` runs on a flush thread, where it may block.
///
/// Threads: `write`, `idle` and `reopen` run one at a time when `flush_thread_count` is 1; else `write` of different
/// chunks may run at once.
class ChunkOutput : public Output {
 public:
  virtual BufferDefaults buffer_defaults() const { return {}; }
  /// True where a time-keyed chunk waits until its slice is over; false where `timekey` only names things.
  virtual bool waits_for_slice() const { return false; }
  virtual WriteResult write(const Chunk& chunk) = 0;
  /// Once, before `start`.
  void set_commits(std::shared_ptr<Commits> commits) { commits_ = std::move(commits); }
  /// Nothing more is queued just now.
  virtual void idle() {}
  /// SIGUSR1: files are opened anew. Called on a flush thread, between two writes.
  virtual void reopen() {}
  /// Called on any thread, when the time for the shutdown is over: a `write` that blocks gives up soon, with `retry`.
  virtual void interrupt() noexcept {}
  /// After the last write.
  virtual void stop() {}

 protected:
  /// In `write`, which then returns `pending`: the commit by which the output says later what came of the chunk. The
  /// chunk itself is valid during `write` only; whoever needs its batches longer holds them.
  Commit commit_later(const Chunk& chunk) const { return Commit(commits_, chunk); }

 private:
  std::shared_ptr<Commits> commits_;
};

}  // namespace logboom
