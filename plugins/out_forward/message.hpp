#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/chunk.hpp>
#include <logboom/event.hpp>
#include <logboom/out_buffer.hpp>

namespace logboom::out_forward {

enum class Compression : std::uint8_t { text, gzip, zstd };

/// One message as it goes out: `parts` lead to its own memory and to that of the chunk's batches, which must be held.
struct Message {
  OutBuffer head;
  OutBuffer body;  // where the entries can't go as they are
  OutBuffer tail;
  std::vector<iovec> parts;
  std::uint64_t events = 0;
  std::string id;  // what an ack says; empty: none is asked for
};

/// The chunk's batches of one tag, in their order.
struct TagRun {
  std::string_view tag;
  std::vector<const EventBatch*> batches;
};
std::vector<TagRun> by_tag(const Chunk& chunk);

/// What a message calls itself: the chunk's id (32 hexadecimal digits) and which of its messages it is, 16 bytes in
/// base64 with a newline behind them, as Fluentd has it. The same whenever the chunk is sent.
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
