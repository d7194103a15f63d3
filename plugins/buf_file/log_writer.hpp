#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <logboom/log.hpp>
#include <logboom/out_buffer.hpp>
#include <logboom/segment.hpp>

#include "catalog.hpp"
#include "file_ops.hpp"
#include "index_file.hpp"
#include "staging.hpp"

namespace logboom::buf_file {

/// Where a buffer's files are, and how they are written.
struct StoreSettings {
  std::string id;  // of the output, for the log
  std::string directory;
  mode_t file_mode = 0644;
  mode_t directory_mode = 0755;
  std::uint64_t segment_size = std::uint64_t{64} << 20;
  segment::Codec codec = segment::Codec::plain;
};

/// A segment that is being written, or waits for its sync.
struct OpenSegment {
  OpenSegment(std::uint32_t number, std::uint64_t random, Descriptor descriptor)
      : sequence(number), nonce(random), file(std::move(descriptor)) {}

  const std::uint32_t sequence;
  const std::uint64_t nonce;
  const Descriptor file;
  /// Whole frames stand up to here.
  std::atomic<std::uint64_t> written{segment::file_head_size};
  /// The writer's, until the segment is sealed.
  SegmentIndex index;
  // The syncer's.
  std::uint64_t synced = 0;
  bool name_synced = false;
};
using OpenSegmentPtr = std::shared_ptr<OpenSegment>;

/// Writes drafts into segments. What can't be written is tried again until it can, or until it is told to give up.
///
/// On a full disk the segment that is being written is sealed as soon as nobody needs it, so that it can be removed.
/// For a chunk of which a part is in it already, and the rest waits, see `read_waiting`.
///
/// Threads: one, but for `give_up` and `read_waiting`.
class LogWriter {
 public:
  /// `short_of_room` is called whenever the disk is full, before it waits: it may take what is sealed.
  LogWriter(StoreSettings settings, FileOps& ops, Catalog& catalog, Log& log, std::uint64_t buffer,
            std::uint32_t next_segment, std::function<void()> short_of_room);

  /// False where it gave up; the drafts that were not written are forgotten by the catalog, and counted in `lost`.
  /// Those whose chunk is finished already are left out.
  bool write(std::vector<Draft>& drafts, std::uint64_t& lost);
  /// Of what was left out.
  std::vector<SegmentIndex::Message> take_messages() { return std::exchange(messages_, {}); }
  /// A sync of `failed` failed: everything in it from its last sync on is written again into a new segment, from
  /// `kept`, the drafts that are still in memory, or as it can be read. Its index says what is left in it.
  bool write_again(const OpenSegmentPtr& failed, const std::vector<Draft*>& kept);

  /// Null before the first write.
  const OpenSegmentPtr& active() const noexcept { return active_; }
  std::vector<OpenSegmentPtr> take_sealed();
  void seal();

  /// From now on nothing is tried again. Any thread.
  void give_up();
  /// While drafts can't be written: calls `read` with them all, and nothing is written meanwhile. Else false. Any
  /// thread.
  bool read_waiting(const std::function<bool(std::span<const Draft>)>& read);

 private:
  struct Encoded {
    segment::Frame frame;
    std::size_t head_at = 0;
  };
  bool leave_out(const Draft& draft);
  bool leave_segment();
  bool has_segment(std::uint64_t size);
  bool open_segment();
  Descriptor create(std::uint64_t nonce);
  std::size_t encode(std::vector<Draft>& drafts, std::size_t first);
  segment::Frame frame_of(const Draft& draft);
  void add_payload(const Draft& draft, Encoded& encoded);
  int flush();
  bool goes_on_after(int error);
  struct Slice;
  bool write_slice(Slice& slice);
  bool add_to(Slice& slice, Draft draft, Draft* origin);
  std::size_t publish(std::vector<Draft>& drafts, std::size_t first);
  bool try_again(int error, std::string_view what);
  void wrote();

  const StoreSettings settings_;
  FileOps& ops_;
  Catalog& catalog_;
  Log& log_;
  const std::uint64_t buffer_;
  std::uint32_t next_segment_;
  const std::function<void()> short_of_room_;
  std::vector<SegmentIndex::Message> messages_;
  std::uint64_t replaces_ = 0;
  std::uint64_t replaces_from_ = 0;
  OpenSegmentPtr active_;
  std::vector<OpenSegmentPtr> sealed_;

  std::vector<Encoded> encoded_;
  OutBuffer heads_;
  std::vector<OutBuffer> packed_;
  std::vector<iovec> parts_;
  std::uint64_t end_ = 0;      // where the encoded frames will end
  std::uint64_t flushed_ = 0;  // up to where they are written

  unsigned failures_ = 0;
  LogLimiter complaints_{std::chrono::seconds(10)};
  std::mutex mutex_;
  std::condition_variable stop_;
  bool giving_up_ = false;
  bool waits_ = false;
  std::span<const Draft> waiting_;  // the writer's, unless it waits
};

std::int64_t now_ms();

}  // namespace logboom::buf_file
