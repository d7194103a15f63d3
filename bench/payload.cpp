#include "payload.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace logboom::bench {
namespace {

constexpr std::uint32_t tag_suffix_digits = 6;

void put_be32(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((value >> shift) & 0xff));
}

void put_str(std::string& out, std::string_view text) {
  if (text.size() < 32) {
    out.push_back(static_cast<char>(0xa0 | text.size()));
  } else if (text.size() < 256) {
    out.push_back('\xd9');
    out.push_back(static_cast<char>(text.size()));
  } else if (text.size() < 65536) {
    out.push_back('\xda');
    out.push_back(static_cast<char>(text.size() >> 8));
    out.push_back(static_cast<char>(text.size() & 0xff));
  } else {
    out.push_back('\xdb');
    put_be32(out, text.size());
  }
  out += text;
}

void write_be32(char* at, std::uint32_t value) {
  const std::uint32_t swapped = __builtin_bswap32(value);
  std::memcpy(at, &swapped, sizeof swapped);
}

void write_digits(char* at, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

void increment_digits(char* digits, std::size_t count) {
  for (std::size_t i = count; i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return;
    }
    digits[i] = '0';
  }
}

std::string hex_of(std::uint64_t seed, std::size_t digits) {
  std::mt19937_64 random(seed);
  std::string out(digits, '0');
  for (char& c : out) c = "0123456789abcdef"[random() % 16];
  return out;
}

std::uint32_t end_of(const std::string& bytes) { return static_cast<std::uint32_t>(bytes.size()); }

}  // namespace

std::optional<Mode> parse_mode(std::string_view text) {
  if (text == "message") return Mode::message;
  if (text == "forward") return Mode::forward;
  if (text == "packed") return Mode::packed;
  if (text == "gzip") return Mode::gzip;
  return std::nullopt;
}

std::optional<LogLine> parse_log_line(std::string_view text) {
  if (text == "text") return LogLine::text;
  if (text == "json") return LogLine::json;
  if (text == "nginx") return LogLine::nginx;
  return std::nullopt;
}

PayloadBuilder::PayloadBuilder(const PayloadOptions& options) : options_(options), random_(options.seed) {
  if (options_.log_bytes < seq_mark.size() + seq_digits + 1) throw std::invalid_argument("log line too short");
  if (options_.tags == 0 || options_.tags > 1'000'000) throw std::invalid_argument("tags: 1 to 1000000");
}

void PayloadBuilder::add_tag(Unit& unit) {
  std::string tag = options_.tag;
  if (options_.tags > 1) tag += '.' + std::string(tag_suffix_digits, '0');
  put_str(unit.bytes, tag);
  if (options_.tags > 1) unit.tag_at.push_back(end_of(unit.bytes) - tag_suffix_digits);
}

void PayloadBuilder::add_time(Unit& unit) {
  if (options_.event_time) {
    unit.bytes += std::string_view("\xd7\x00", 2);
    unit.time_at.push_back(end_of(unit.bytes));
    unit.bytes.append(8, '\0');
  } else {
    unit.bytes += '\xd2';
    unit.time_at.push_back(end_of(unit.bytes));
    unit.bytes.append(4, '\0');
  }
}

std::string PayloadBuilder::log_filler() {
  static constexpr std::array<std::string_view, 12> words = {
      "level=info", "method=GET", "path=/api/v1/orders", "status=200", "bytes=5120",   "took=12ms",
      "user=alice", "retry=0",    "cache=hit",           "upstream=b", "proto=HTTP/2", "region=eu"};
  std::string text = " trace=" + hex_of(random_(), 32);
  while (text.size() < options_.log_bytes) {
    text += ' ';
    text += words[random_() % words.size()];
  }
  return text;
}

std::string PayloadBuilder::log_line() {
  const std::string seq = std::string(seq_mark) + std::string(seq_digits, '0');
  std::string line;
  switch (options_.log_line) {
    case LogLine::text:
      line = seq + log_filler();
      line.resize(options_.log_bytes);
      break;
    case LogLine::json:
      line = R"({"level":"info","method":"GET","path":"/api/v1/orders","status":200,"bytes":)" +
             std::to_string(random_() % 100'000) + R"(,"took":0.0)" + std::to_string(random_() % 90 + 10) +
             R"(,"user":"alice","cached":true,"trace":")" + hex_of(random_(), 32) + R"(","seq":")" + seq + "\"}";
      break;
    case LogLine::nginx:
      line = "192.0.2." + std::to_string(random_() % 255) +
             " - alice [23/Nov/2026:15:00:" + std::to_string(random_() % 50 + 10) + " +0000] \"GET /api/v1/orders?" +
             seq + " HTTP/1.1\" 200 " + std::to_string(random_() % 100'000) +
             R"( "https://shop.example/cart" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")";
      break;
  }
  return line;
}

void PayloadBuilder::add_record(Unit& unit, std::size_t connection) {
  std::array<int, 4> order = {0, 1, 2, 3};
  if (options_.random_keys) std::shuffle(order.begin(), order.end(), random_);
  const std::uint64_t container = options_.seed * 1'000'003 + connection;
  unit.bytes += '\x84';
  for (const int key : order) {
    if (key == 0) {
      put_str(unit.bytes, "container_id");
      put_str(unit.bytes, hex_of(container, 64));
    } else if (key == 1) {
      put_str(unit.bytes, "container_name");
      put_str(unit.bytes, "/bench-container-" + hex_of(container, 12));
    } else if (key == 2) {
      put_str(unit.bytes, "source");
      put_str(unit.bytes, random_() % 4 == 0 ? "stderr" : "stdout");
    } else {
      put_str(unit.bytes, "log");
      const std::string line = log_line();
      const std::size_t seq = line.find(seq_mark) + seq_mark.size();
      put_str(unit.bytes, line);
      unit.seq_at.push_back(end_of(unit.bytes) - static_cast<std::uint32_t>(line.size() - seq));
    }
  }
}

void PayloadBuilder::add_options(Unit& unit, std::size_t events) {
  const bool chunked = options_.mode != Mode::message;
  const bool gzip = options_.mode == Mode::gzip;
  unit.bytes += static_cast<char>(0x80 + (options_.ack ? 1 : 0) + (chunked ? 1 : 0) + (gzip ? 1 : 0));
  if (chunked) {
    put_str(unit.bytes, "size");
    unit.bytes += '\xce';
    put_be32(unit.bytes, events);
  }
  if (gzip) {
    put_str(unit.bytes, "compressed");
    put_str(unit.bytes, "gzip");
  }
  if (options_.ack) {
    put_str(unit.bytes, "chunk");
    put_str(unit.bytes, std::string(chunk_id_bytes, '0'));
    unit.chunk_at = unit.bytes.size() - chunk_id_bytes;
  }
}

Unit PayloadBuilder::build(std::size_t events, std::size_t connection) {
  Unit unit;
  unit.events = events;
  if (options_.mode == Mode::message) {
    for (std::size_t i = 0; i < events; ++i) {
      unit.bytes += '\x94';
      add_tag(unit);
      add_time(unit);
      add_record(unit, connection);
      add_options(unit, 1);
    }
    return unit;
  }
  std::size_t length_at = 0;
  if (options_.mode != Mode::gzip) {
    unit.bytes += '\x93';
    add_tag(unit);
    unit.bytes += options_.mode == Mode::forward ? '\xdd' : '\xdb';
    length_at = unit.bytes.size();
    put_be32(unit.bytes, events);
  }
  const std::size_t entries_at = unit.bytes.size();
  for (std::size_t i = 0; i < events; ++i) {
    unit.bytes += '\x92';
    add_time(unit);
    add_record(unit, connection);
  }
  if (options_.mode == Mode::packed) {
    write_be32(unit.bytes.data() + length_at, static_cast<std::uint32_t>(unit.bytes.size() - entries_at));
  }
  if (options_.mode != Mode::gzip) add_options(unit, events);
  return unit;
}

void PayloadBuilder::stamp(Unit& unit, std::uint64_t first, std::uint64_t chunk) const {
  char* const bytes = unit.bytes.data();
  char digits[seq_digits];
  write_digits(digits, seq_digits, first);
  for (const std::uint32_t at : unit.seq_at) {
    std::memcpy(bytes + at, digits, seq_digits);
    increment_digits(digits, seq_digits);
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  for (const std::uint32_t at : unit.time_at) {
    write_be32(bytes + at, static_cast<std::uint32_t>(now.tv_sec));
    if (options_.event_time) write_be32(bytes + at + 4, static_cast<std::uint32_t>(now.tv_nsec));
  }
  std::uint64_t tag = options_.mode == Mode::message ? first : chunk;
  for (const std::uint32_t at : unit.tag_at) write_digits(bytes + at, tag_suffix_digits, tag++ % options_.tags);
  if (unit.chunk_at != 0) std::memcpy(bytes + unit.chunk_at, chunk_id(chunk).data(), chunk_id_bytes);
}

std::string PayloadBuilder::compress(const Unit& plain, std::uint64_t first, std::uint64_t chunk) {
  constexpr int gzip_window = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, options_.gzip_level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2 failed");
  }
  std::string packed(deflateBound(&stream, plain.bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.bytes.data()));
  stream.avail_in = static_cast<uInt>(plain.bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("deflate failed");

  Unit unit;
  unit.bytes += '\x93';
  add_tag(unit);
  unit.bytes += '\xc6';
  put_be32(unit.bytes, packed.size());
  unit.bytes += packed;
  add_options(unit, plain.events);
  stamp(unit, first, chunk);
  return unit.bytes;
}

std::string chunk_id(std::uint64_t chunk) {
  std::string id = "bench+/";
  id.resize(chunk_id_bytes, '0');
  write_digits(id.data() + 7, chunk_id_bytes - 9, chunk);
  id.replace(chunk_id_bytes - 2, 2, "==");
  return id;
}

}  // namespace logboom::bench
