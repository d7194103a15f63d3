#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/chunk.hpp>

/// A chunk that could not be delivered, as a file, or as several where it is large:
///
///     "logboom dead letter 1\n"
///     u32 size of the header, u32 CRC-32 of the header   (little-endian)
///     header: one msgpack map; `body_size` and `body_crc` are those of what follows
///     body: for each batch, in order, msgpack [tag, number of events, entries], the entries as in PackedForward
namespace logboom {

struct DeadLetter {
  std::string path;
  std::string id;  // the chunk's; of the second letter of a large chunk and so on with `.2`, `.3` behind it
  std::string output;
  std::vector<std::string> tags;  // the first few
  bool more_tags = false;
  std::string reason;  // a word: `refused`, `retry_limit`, …
  std::string detail;  // what the output said
  std::uint64_t attempts = 0;
  std::int64_t time = 0;           // when it was given up; milliseconds since 1970
  std::int64_t failing_since = 0;  // the first failed attempt; 0: there was none before the last
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t file_size = 0;
  std::int64_t changed = 0;  // when the file was written or touched; nanoseconds since 1970
};

inline constexpr std::string_view dead_letter_extension = ".dead";

/// The folder of the dead letters of a state directory, and of one output of it.
std::string dead_letters_folder(const std::string& root_dir);
std::string dead_letters_folder(const std::string& root_dir, std::string_view output);

/// A letter ends with the event that brings it to so many bytes, or a little later with that one's batch: it is in
/// memory as a whole when it is sent again.
inline constexpr std::uint64_t large_letter = std::uint64_t{8} << 20;

/// `take_room` said no.
class NoRoomForLetter : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Whether a file may take up so much room more.
using TakeRoom = std::function<bool(std::uint64_t bytes)>;
/// What a file of this size takes up on a disk: whole blocks.
std::uint64_t room_of_letter(std::uint64_t file_size);

/// Writes the chunk in the place of files of the same chunk, and brings it to disk: all of it, or nothing where it
/// throws. `about` says everything but path, tags and sizes. `take_room` is asked before each file. Throws
/// std::system_error, ChunkUnreadable, NoRoomForLetter.
void write_dead_letters(const std::string& root_dir, const DeadLetter& about, const Chunk& chunk,
                        const TakeRoom& take_room);

/// Everything but the events. Throws std::runtime_error where the file is damaged, std::system_error.
DeadLetter read_dead_letter(const std::string& path);
/// The events too. Throws as read_dead_letter does.
std::vector<BatchPtr> read_dead_letter_batches(const std::string& path);

/// All of a state directory, the oldest first. What can't be read is told to `damaged`, with the reason.
std::vector<DeadLetter> list_dead_letters(
    const std::string& root_dir, const std::function<void(const std::string& path, const std::string& why)>& damaged);

/// Gives it a new time of change. Throws std::system_error. No error where it is gone.
void touch_dead_letter(const std::string& path);
/// Throws std::system_error. No error where it is gone.
void remove_dead_letter(const std::string& path);

}  // namespace logboom
