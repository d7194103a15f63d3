#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::bench {

enum class Mode { message, forward, packed, gzip };
// What the log line is: words, a JSON object, or a line of nginx's combined access log.
enum class LogLine { text, json, nginx };

// "message", "forward", "packed" or "gzip"; nothing for anything else.
std::optional<Mode> parse_mode(std::string_view text);
// "text", "json" or "nginx"; nothing for anything else.
std::optional<LogLine> parse_log_line(std::string_view text);

struct PayloadOptions {
  Mode mode = Mode::message;
  std::string tag = "docker.bench";
  std::size_t tags = 1;  // above 1: a suffix ".000042", sequence (or chunk) number modulo tags
  LogLine log_line = LogLine::text;
  std::size_t log_bytes = 200;  // of a text, or about as many of the others; at least 17, the sequence number's part
  bool random_keys = true;      // Docker's record is a Go map: another key order in every message
  bool event_time = false;      // EventTime instead of a signed int32
  bool ack = false;             // adds a chunk id to the options
  int gzip_level = 6;
  std::uint64_t seed = 1;
};

// What goes out in one piece: one message or several, or one chunk. Built once; what differs between two sendings
// (sequence numbers, times, tags, the chunk id) has a fixed width and is written over it in place.
struct Unit {
  std::string bytes;
  std::size_t events = 0;
  std::vector<std::uint32_t> seq_at;
  std::vector<std::uint32_t> time_at;
  std::vector<std::uint32_t> tag_at;
  std::size_t chunk_at = 0;  // 0: none
};

inline constexpr std::string_view seq_mark = "seq=";
inline constexpr std::size_t seq_digits = 12;
inline constexpr std::size_t chunk_id_bytes = 24;

// Makes records with the bytes that Docker's fluentd driver sends: [tag, int32 time, {container_id, container_name,
// source, log}, {}], 365 bytes with the defaults. The log line holds "seq=" and 12 digits; a text starts with them.
// The same options give the same bytes. Not for use by two threads.
class PayloadBuilder {
 public:
  explicit PayloadBuilder(const PayloadOptions& options);

  // `connection` chooses the container's id and name. In gzip mode this is the chunk's plain inside: see compress().
  Unit build(std::size_t events, std::size_t connection);

  // Gives the unit's events the sequence numbers first, first + 1 … and the present time.
  void stamp(Unit& unit, std::uint64_t first, std::uint64_t chunk) const;

  // gzip mode: a CompressedPackedForward message holding the stamped entries of `plain`.
  std::string compress(const Unit& plain, std::uint64_t first, std::uint64_t chunk);

  const PayloadOptions& options() const { return options_; }

 private:
  void add_time(Unit& unit);
  void add_record(Unit& unit, std::size_t connection);
  void add_tag(Unit& unit);
  void add_options(Unit& unit, std::size_t events);
  std::string log_filler();
  std::string log_line();

  PayloadOptions options_;
  std::mt19937_64 random_;
};

// The 24 characters that stamp() writes for `chunk`.
std::string chunk_id(std::uint64_t chunk);

}  // namespace logboom::bench
