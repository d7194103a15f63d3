#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/out_buffer.hpp>

/// The files of a file buffer: segments, each a head and frames behind one another. A frame holds events of one chunk,
/// as entries `[time, record]` behind one another. Segments only grow, and may be read while a process writes them.
///
/// All numbers are little-endian. File, 64 bytes: magic, CRC-32C of what follows, sequence, nonce, buffer, created_ms,
/// replaces, replaces_from. Frame: 88 bytes – magic, nonce, CRC-32C of the rest and the lists, offset, chunk,
/// written_ms, slice, events, bytes, stored, CRC-32C of the payload, sizes of the lists, codec, flags – then the lists
/// (fields, sections, messages) and the payload. A frame says its own offset and the nonce of its file, so that bytes
/// in a payload that look like a frame are never taken for one.
namespace logboom::segment {

inline constexpr std::size_t file_head_size = 64;
inline constexpr std::size_t frame_head_size = 88;

struct FileHead {
  std::uint64_t sequence = 0;
  std::uint64_t nonce = 0;      // random
  std::uint64_t buffer = 0;     // random, the same in all segments of a buffer: its chunks' ids begin with it
  std::int64_t created_ms = 0;  // since 1970
  /// What stands in that segment from that offset on was written again, into this one and those behind it: a sync of
  /// it had failed. 0: nothing was.
  std::uint64_t replaces = 0;
  std::uint64_t replaces_from = 0;
};

void write_file_head(const FileHead& head, std::uint8_t* to) noexcept;
std::optional<FileHead> read_file_head(std::span<const std::uint8_t> bytes) noexcept;

enum class Codec : std::uint8_t { plain, gzip, zstd };

/// Events of one tag behind one another in a frame.
struct Section {
  std::string_view tag;
  std::uint32_t events = 0;
  std::uint32_t bytes = 0;
};

/// A part of a message stands in this frame. A message is whole where all its parts are found.
struct MessagePart {
  MessageId message;
  std::uint32_t parts = 1;  // how many the message has, each in a frame, or several in one
};

/// A frame without its payload. Views stand in what it was read from.
struct Frame {
  std::uint64_t offset = 0;  // in its file
  std::uint64_t chunk = 0;   // the number of its chunk, unique in the buffer
  std::int64_t written_ms = 0;
  std::optional<std::int64_t> slice;  // the start of its chunk's time slice
  bool by_tag = false;                // its chunk has the tag as a key, and so one tag
  Codec codec = Codec::plain;
  std::uint32_t events = 0;
  std::uint32_t bytes = 0;   // of the entries
  std::uint32_t stored = 0;  // of the payload: the entries, compressed by `codec`
  std::uint32_t payload_crc = 0;
  std::string_view fields;  // names and values of record fields that are chunk keys, in turn; see next_text
  std::vector<Section> sections;
  std::vector<MessagePart> messages;  // those with an id whose events stand here

  std::uint64_t head_size() const noexcept;
  std::uint64_t size() const noexcept { return head_size() + stored; }
};

/// Texts behind one another, each behind its size: how `Frame::fields` are packed.
void append_text(std::string_view text, std::string& packed);
/// Takes the first text off the front; nothing where there is none.
std::optional<std::string_view> next_text(std::string_view& packed) noexcept;

/// Appends the frame's head and lists.
void write_frame_head(const Frame& frame, std::uint64_t nonce, OutBuffer& out);

enum class Parse : std::uint8_t {
  ok,
  more,  // the head goes on behind these bytes
  bad,   // no frame of this file at this offset
};
/// Reads head and lists of the frame that stands at `offset` of a file with this nonce (none: any). `frame.offset` says
/// how many bytes are wanted where the answer is `more`. The payload is not looked at.
Parse parse_frame(std::span<const std::uint8_t> bytes, std::uint64_t offset, std::optional<std::uint64_t> nonce,
                  Frame& frame);

/// The entries of a frame from its payload. False where they can't be decompressed to what the frame says. Appends.
bool unpack(const Frame& frame, std::string_view payload, OutBuffer& entries);

/// Reads a segment's frames in order, each with its checksum looked at.
///
/// Bytes that are no intact frame are stepped over where an intact one follows: these are damage. Where none follows
/// they are the torn end of a file whose writer was killed, or is just writing.
///
/// Threads: one at a time.
class Reader {
 public:
  /// Reads up to `size` bytes at `offset`; fewer only at the end of the file, or where it can't read (then -1).
  using ReadAt = std::function<std::int64_t(std::uint8_t* to, std::size_t size, std::uint64_t offset)>;

  Reader(ReadAt read_at, std::uint64_t file_size);
  /// An open file, which stays the caller's, as long as it is now.
  static Reader of_file(int descriptor);

  /// Nothing where the file's head is damaged or not there; frames are read all the same.
  const std::optional<FileHead>& head() const noexcept { return head_; }

  /// The next intact frame. False at the end, or where reading failed.
  bool next(Frame& frame);
  /// Of the frame that `next` gave, until the next call.
  std::string_view payload() const noexcept;

  struct Lost {
    std::uint64_t chunk = 0;
    std::uint64_t events = 0;
  };
  struct Damage {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t events = 0;  // at least so many were lost, as far as the frames' heads say
    std::vector<Lost> lost{};  // the same, frame by frame
  };
  /// What `next` stepped over so far.
  const std::vector<Damage>& damage() const noexcept { return damage_; }
  /// After the end: where the intact part ends. What is behind is torn.
  std::uint64_t intact() const noexcept { return intact_; }
  bool failed() const noexcept { return failed_; }
  std::uint64_t file_size() const noexcept { return file_size_; }

 private:
  enum class Found : std::uint8_t { frame, damaged, nothing };
  Found look(Frame& frame);
  bool want(std::uint64_t offset, std::uint64_t size);
  std::uint64_t find_head(std::uint64_t from, Frame& frame);
  void suspect(std::uint64_t offset, std::uint64_t size, std::optional<Lost> lost = std::nullopt);

  ReadAt read_at_;
  std::uint64_t file_size_;
  std::optional<FileHead> head_;
  std::optional<std::uint64_t> nonce_;
  std::vector<std::uint8_t> window_;
  std::uint64_t window_at_ = 0;
  std::size_t window_size_ = 0;
  std::uint64_t at_ = file_head_size;
  std::uint64_t intact_ = 0;
  std::uint64_t payload_at_ = 0;
  std::uint32_t payload_size_ = 0;
  std::vector<Damage> suspects_;
  std::vector<Damage> damage_;
  bool failed_ = false;
};

/// `<directory>/segment.<16 hex digits>.log`, by sequence.
struct File {
  std::uint64_t sequence = 0;
  std::string path;
};
/// Where the directory can't be read `error` says why, and there may be more files.
std::vector<File> list_files(const std::string& directory, std::string_view suffix, std::error_code& error);
std::vector<File> list_files(const std::string& directory, std::string_view suffix = ".log");
std::string file_name(std::uint64_t sequence, std::string_view suffix = ".log");

}  // namespace logboom::segment
