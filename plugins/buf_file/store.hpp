#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <logboom/log.hpp>

#include "catalog.hpp"
#include "file_ops.hpp"
#include "journal.hpp"
#include "log_writer.hpp"
#include "staging.hpp"

namespace logboom::buf_file {

enum class SyncPolicy : std::uint8_t { always, interval, never };

struct SyncSettings {
  SyncPolicy policy = SyncPolicy::interval;
  std::chrono::nanoseconds interval{std::chrono::seconds(1)};
  std::chrono::nanoseconds retain{0};
  std::uint64_t total_limit = std::uint64_t{64} << 30;
  std::chrono::nanoseconds message_age{std::chrono::hours(1)};
  std::size_t messages = 100000;
};

/// The two threads of a buffer, and what they share. The *writer* takes what is staged and writes it; the *syncer*
/// syncs what was written, confirms the receipts that wait for it – all of them with one fdatasync –, and removes
/// segments that nobody needs.
///
/// Threads: `stop` and the destructor on one thread while nothing is staged any more; the rest on any.
class Store {
 public:
  Store(const StoreSettings& settings, const SyncSettings& sync, FileOps& ops, Catalog& catalog, Journal& journal,
        Log& log, std::uint64_t buffer, std::uint32_t next_segment);
  ~Store();

  struct Listener {
    /// How much is staged, after each change. Called under a lock: it may only remember that.
    std::function<void(std::uint64_t)> memory;
    /// Some of it is not any more.
    std::function<void()> released;
    /// These messages are synced, or lost before that.
    std::function<void(const std::vector<MessageId>&, bool safe)> settled;
  };
  void start(Listener listener);
  /// Writes and syncs what is staged, once.
  void stop();
  /// After `stop`: events that could not be written.
  std::uint64_t lost() const noexcept { return lost_; }

  Staging& staging() noexcept { return *staging_; }
  /// The chunk is done. Its number is written down, and what only it needed will be removed.
  void finish(ChunkRecord& chunk);
  /// Removes what nobody needs now, not at the next look.
  void tend_now();
  /// While frames can't be written: what is written of a chunk that is sealed, and copies of its frames that follow.
  /// False where nothing of it waits for that.
  bool read_waiting(const ChunkRecord& chunk, std::vector<Run>& runs, std::vector<Draft>& drafts);

 private:
  using Clock = std::chrono::steady_clock;

  struct Round {
    std::list<Epoch> epochs;
    std::vector<OpenSegmentPtr> sealed;
    OpenSegmentPtr active;
  };
  void run_writer();
  void make_room();
  void hand_over(Epoch epoch);
  bool write_failed_again();
  void run_syncer();
  bool sync_due() const;
  Round take_round();
  void finish_round(Round round);
  bool is_needed(const OpenSegment& segment, bool waited_for) const;
  bool sync(OpenSegment& segment);
  void settle(Epoch epoch, bool safe);
  void wait_for_rewrite(std::list<Epoch> epochs, std::vector<OpenSegmentPtr> failed);
  void close(OpenSegment& segment, bool synced);
  void try_to_tend(bool short_of_room) noexcept;
  void tend(bool short_of_room);
  void remember_messages(std::uint32_t segment);
  void remove(const std::vector<Catalog::Removable>& removable, bool remembered);
  bool write_index(std::uint32_t segment, const SegmentIndex& index);
  void save_messages(std::uint32_t segment);
  void keep(const std::vector<SegmentIndex::Message>& messages);
  std::string path_of(std::uint32_t segment, std::string_view suffix) const;

  const StoreSettings settings_;
  const SyncSettings sync_;
  FileOps& ops_;
  Catalog& catalog_;
  Journal& journal_;
  Log& log_;
  LogWriter writer_;
  Listener listener_;
  std::optional<Staging> staging_;
  LogLimiter complaints_{std::chrono::seconds(10)};
  std::uint64_t lost_ = 0;
  // The syncer's.
  std::map<std::uint32_t, SegmentIndex> unindexed_;  // of segments that have no index file
  std::vector<std::uint32_t> bare_;                  // index files whose segment is gone already

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Epoch> pending_;            // written, their receipts wait for a sync
  std::vector<OpenSegmentPtr> sealed_;  // complete, not synced
  OpenSegmentPtr active_;
  std::vector<OpenSegmentPtr> failed_;  // whose sync failed; the writer writes them again
  unsigned sync_failures_ = 0;
  bool dirty_ = false;
  bool tend_ = false;
  bool short_of_room_ = false;
  bool stopping_ = false;
  bool writer_ended_ = false;
  std::thread writing_;
  std::thread syncing_;
};

}  // namespace logboom::buf_file
