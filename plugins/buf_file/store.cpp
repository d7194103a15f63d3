#include "store.hpp"

#include <algorithm>
#include <utility>

namespace logboom::buf_file {

namespace {

constexpr std::uint64_t largest_frame = 4 * 1024 * 1024;

}  // namespace

Store::Store(const StoreSettings& settings, const SyncSettings& sync, FileOps& ops, Catalog& catalog, Journal& journal,
             Log& log, std::uint64_t buffer, std::uint32_t next_segment)
    : settings_(settings),
      sync_(sync),
      ops_(ops),
      catalog_(catalog),
      journal_(journal),
      log_(log),
      writer_(settings, ops, catalog, log, buffer, next_segment, [this] { make_room(); }) {}

Store::~Store() { stop(); }

void Store::start(Listener listener) {
  listener_ = std::move(listener);
  staging_.emplace(catalog_, std::min(largest_frame, settings_.segment_size / 2), listener_.memory);
  writing_ = std::thread([this] { run_writer(); });
  syncing_ = std::thread([this] { run_syncer(); });
}

void Store::stop() {
  if (!writing_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  writer_.give_up();
  staging_->kick();
  writing_.join();
  {
    const std::lock_guard lock(mutex_);
    writer_ended_ = true;
  }
  changed_.notify_all();
  syncing_.join();
  if (lost_ == 0) return;
  log_.error(cat(settings_.id, ": ", lost_, " events can't be written into the buffer before the end and are lost"));
}

void Store::run_writer() {
  for (bool last = false; !last;) {
    {
      const std::lock_guard lock(mutex_);
      last = stopping_;
    }
    if (last) staging_->kick();
    Epoch epoch = staging_->take();
    write_failed_again();
    const bool written = writer_.write(epoch.drafts, lost_);
    if (last) writer_.seal();
    if (written) {
      hand_over(std::move(epoch));
    } else {
      settle(std::exchange(epoch, Epoch()), false);
      hand_over(Epoch());
    }
  }
}

/// The writer waits for room: whatever nobody needs is removed at once.
void Store::make_room() {
  std::vector<OpenSegmentPtr> sealed = writer_.take_sealed();
  {
    const std::lock_guard lock(mutex_);
    for (OpenSegmentPtr& segment : sealed) sealed_.push_back(std::move(segment));
    active_ = writer_.active();
    short_of_room_ = true;
  }
  changed_.notify_all();
}

void Store::hand_over(Epoch epoch) {
  keep(writer_.take_messages());
  std::vector<OpenSegmentPtr> sealed = writer_.take_sealed();
  const bool keep = sync_.policy != SyncPolicy::never && (epoch.promised || !epoch.waiting.empty());
  const bool wake = !sealed.empty() || !epoch.waiting.empty() || sync_.policy == SyncPolicy::always;
  {
    const std::lock_guard lock(mutex_);
    for (OpenSegmentPtr& segment : sealed) sealed_.push_back(std::move(segment));
    active_ = writer_.active();
    dirty_ = dirty_ || !epoch.drafts.empty();
    if (keep) pending_.push_back(std::exchange(epoch, Epoch()));
  }
  if (wake) changed_.notify_all();
  settle(std::move(epoch), true);
}

/// Receipts that are not confirmed tell their senders to keep what they sent.
void Store::settle(Epoch epoch, bool safe) {
  if (!epoch.messages.empty()) listener_.settled(epoch.messages, safe);
  if (safe) {
    for (Receipts& receipts : epoch.waiting) receipts.confirm();
  }
  const std::uint64_t memory = epoch.memory;
  epoch = Epoch();
  if (memory == 0) return;
  staging_->release(memory);
  listener_.released();
}

/// What a failed sync leaves: see wait_for_rewrite.
bool Store::write_failed_again() {
  std::vector<OpenSegmentPtr> failed;
  std::vector<Draft*> kept;
  {
    const std::lock_guard lock(mutex_);
    if (failed_.empty()) return true;
    failed = failed_;
    for (Epoch& epoch : pending_) {
      for (Draft& draft : epoch.drafts) kept.push_back(&draft);
    }
  }
  for (const OpenSegmentPtr& segment : failed) {
    if (!writer_.write_again(segment, kept)) return false;
  }
  std::vector<OpenSegmentPtr> sealed = writer_.take_sealed();
  {
    const std::lock_guard lock(mutex_);
    for (OpenSegmentPtr& segment : sealed) sealed_.push_back(std::move(segment));
    active_ = writer_.active();
    failed_.clear();
    dirty_ = true;
  }
  changed_.notify_all();
  return true;
}

bool Store::read_waiting(const ChunkRecord& chunk, std::vector<Run>& runs, std::vector<Draft>& drafts) {
  return writer_.read_waiting([&](std::span<const Draft> waiting) {
    for (const Draft& draft : waiting) {
      if (draft.chunk.get() == &chunk) drafts.push_back(draft);
    }
    staging_->copy_drafts(chunk, drafts);
    runs = catalog_.runs_of(chunk);
    return !drafts.empty() && drafts.size() == catalog_.unwritten(chunk);
  });
}

void Store::finish(ChunkRecord& chunk) {
  const std::uint64_t number = chunk.number;
  if (catalog_.finish(chunk)) journal_.done(number);
}

void Store::tend_now() {
  {
    const std::lock_guard lock(mutex_);
    tend_ = true;
  }
  changed_.notify_all();
}

}  // namespace logboom::buf_file
