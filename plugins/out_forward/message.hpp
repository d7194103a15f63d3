#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/chunk.hpp>
#include <logboom/event.hpp>
#include <logboom/out_buffer.hpp>

namespace logboom::out_forward {

enum class Compression : std::uint8_t { text, gzip, zstd };

/// One message as it goes out: `parts` lead to its own memory and to that of the batches, which must be held.
struct Message {
  OutBuffer head;
  OutBuffer body;  // where the entries can't go as they are
  OutBuffer tail;
  std::vector<iovec> parts;
  std::uint64_t events = 0;
  std::string id;  // what an ack says; empty: none is asked for
};

/// Events of one tag that go out as one message, in their order, as views of batches that somebody holds.
struct TagRun {
  std::string_view tag;
  std::vector<Span> spans;
  std::uint64_t events = 0;
};

/// Cuts a chunk into portions that are sent one after another: as large chunks are not in memory as a whole, and a
/// receiver has to hold a message as a whole. Portions depend on the events and their order alone, so that they are the
/// same, with the same ids, whenever the chunk is sent.
class Portions {
 public:
  /// The portion's events by tag. False: no more of the chunk is wanted.
  using Send = std::function<bool(const std::vector<TagRun>& runs)>;

  /// A portion ends with the event that brings it to `limit` bytes.
  Portions(std::uint64_t limit, Send send) : limit_(limit), send_(std::move(send)) {}
  /// False where no more is wanted.
  bool add(const BatchPtr& batch);
  /// What is left.
  bool finish();

 private:
  TagRun& run_of(const BatchPtr& batch);

  const std::uint64_t limit_;
  const Send send_;
  std::vector<BatchPtr> held_;
  std::vector<TagRun> runs_;
  std::map<std::string_view, std::size_t> known_;
  std::uint64_t bytes_ = 0;
};

/// What a message calls itself: the chunk's id (32 hexadecimal digits) and which of its messages it is, 16 bytes in
/// base64 with a newline behind them, as Fluentd has it. The same whenever the chunk is sent, and no other chunk's: the
/// number is put to the front half, which is random, as chunks of one buffer have consecutive ids.
std::string message_id(std::string_view chunk_id, std::uint32_t number);

/// Writes chunks as PackedForward (https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1), byte for
/// byte as Fluentd does: `[tag, str32 of the entries, {"size": n, "compressed": kind, "chunk": id}]`.
struct MessageWriter {
  Compression compression = Compression::text;
  bool time_as_integer = false;

  /// `id` may be empty. Overwrites `out`.
  void write(const TagRun& run, std::string id, Message& out) const;

 private:
  void add_entries(const TagRun& run, Message& out) const;
};

}  // namespace logboom::out_forward
