#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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
};

/// The folder of the dead letters of a state directory, and of one output of it.
std::string dead_letters_folder(const std::string& root_dir);
std::string dead_letters_folder(const std::string& root_dir, std::string_view output);

/// A letter ends with the batch that brings it to so many bytes: it is in memory as a whole when it is sent again.
inline constexpr std::uint64_t large_letter = std::uint64_t{8} << 20;

/// Writes the chunk in the place of files of the same chunk, and brings it to disk: all of it, or nothing where it
/// throws. `about` says everything but path, tags and sizes. Throws std::system_error, ChunkUnreadable.
void write_dead_letters(const std::string& root_dir, const DeadLetter& about, const Chunk& chunk);

/// Everything but the events. Throws std::runtime_error where the file is damaged, std::system_error.
DeadLetter read_dead_letter(const std::string& path);
/// The events too. Throws as read_dead_letter does.
std::vector<BatchPtr> read_dead_letter_batches(const std::string& path);

/// All of a state directory, the oldest first. What can't be read is told to `damaged`, with the reason.
std::vector<DeadLetter> list_dead_letters(
    const std::string& root_dir, const std::function<void(const std::string& path, const std::string& why)>& damaged);

/// Throws std::system_error. No error where it is gone.
void remove_dead_letter(const std::string& path);

}  // namespace logboom
