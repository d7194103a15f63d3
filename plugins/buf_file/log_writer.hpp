#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
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
/// Threads: one, but for `give_up`.
class LogWriter {
 public:
  LogWriter(StoreSettings settings, FileOps& ops, Catalog& catalog, Log& log, std::uint64_t buffer,
            std::uint32_t next_segment);

  /// False where it gave up; the drafts that were not written are forgotten by the catalog, and counted in `lost`.
  bool write(std::vector<Draft>& drafts, std::uint64_t& lost);
  /// A sync of `failed` failed: everything in it from its last sync on is written again into a new segment, from
  /// `kept`, the drafts that are still in memory, or as it can be read.
  bool write_again(const OpenSegmentPtr& failed, const std::vector<Draft*>& kept);

  /// Null before the first write.
  const OpenSegmentPtr& active() const noexcept { return active_; }
  std::vector<OpenSegmentPtr> take_sealed();
  void seal();

  /// From now on nothing is tried again. Any thread.
  void give_up();

 private:
  struct Encoded {
    segment::Frame frame;
    std::size_t head_at = 0;
  };
  bool has_segment(std::uint64_t size);
  bool open_segment();
  Descriptor create(std::uint64_t nonce);
  std::size_t encode(std::vector<Draft>& drafts, std::size_t first);
  segment::Frame frame_of(const Draft& draft);
  void add_payload(const Draft& draft, Encoded& encoded);
  bool flush();
  bool write_slice(std::vector<Draft>& slice, std::vector<Draft*>& origins);
  void publish(std::vector<Draft>& drafts, std::size_t first);
  bool try_again(int error, std::string_view what);
  void wrote();

  const StoreSettings settings_;
  FileOps& ops_;
  Catalog& catalog_;
  Log& log_;
  const std::uint64_t buffer_;
  std::uint32_t next_segment_;
  std::uint64_t replaces_ = 0;
  std::uint64_t replaces_from_ = 0;
  OpenSegmentPtr active_;
  std::vector<OpenSegmentPtr> sealed_;

  std::vector<Encoded> encoded_;
  OutBuffer heads_;
  std::vector<OutBuffer> packed_;
  std::vector<iovec> parts_;
  std::uint64_t end_ = 0;  // where the encoded frames will end

  unsigned failures_ = 0;
  LogLimiter complaints_{std::chrono::seconds(10)};
  std::mutex mutex_;
  std::condition_variable stop_;
  bool giving_up_ = false;
};

std::int64_t now_ms();

}  // namespace logboom::buf_file
