#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <logboom/msgpack.hpp>
#include <logboom/record_editor.hpp>

#include "output/dead_letter_file.hpp"

namespace {

using namespace logboom;

constexpr std::string_view magic = "logboom dead letter 1\n";
constexpr std::size_t front_size = magic.size() + 8;

void put_u32(std::string& bytes, std::size_t at, std::size_t n) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(n >> (8 * i) & 0xff);
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string front_of(std::string_view header) {
  std::string out(magic);
  out.resize(front_size);
  put_u32(out, magic.size(), header.size());
  put_u32(out, magic.size() + 4, checksum(header));
  return out;
}

/// A file with that body.
std::string with_body(std::string_view body) {
  OutBuffer header;
  msgpack::Writer writer(header);
  writer.map(8);
  for (const char* key : {"more_tags", "attempts", "time", "failing_since", "events", "bytes"}) {
    writer.string(key);
    writer.unsigned_integer(1);
  }
  writer.string("body_size");
  writer.unsigned_integer(body.size());
  writer.string("body_crc");
  writer.unsigned_integer(checksum(body));
  return front_of(header.text()) + std::string(header.text()) + std::string(body);
}

std::string file_of(char kind, std::string_view rest) {
  if (kind == 'b') return with_body(rest);
  if (kind != 'h' || rest.empty()) return std::string(rest);
  const std::size_t size = std::min<std::size_t>(static_cast<std::uint8_t>(rest[0]), rest.size() - 1);
  return front_of(rest.substr(1, size)) + std::string(rest.substr(1));
}

}  // namespace

/// Any bytes as the file of a dead letter. The first one says what they are: `h` the header's size, header and body,
/// with right checksums of the header, `b` a body, or else the whole file. What is read can be walked through.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const int fd = ::memfd_create("letter", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const std::string bytes = file_of(static_cast<char>(data[0]), {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    std::abort();
  try {
    if (read_dead_letter(path).file_size != bytes.size()) std::abort();
    Chunk chunk;
    chunk.batches = read_dead_letter_batches(path);
    std::uint64_t events = 0;
    chunk.for_each([&](std::string_view, const Event& event) {
      std::uint32_t fields = 0;
      event.record.for_each([&](msgpack::Value, msgpack::Value) { ++fields; });
      if (fields > bytes.size()) std::abort();
      ++events;
    });
    for (const BatchPtr& batch : chunk.batches) events -= batch->events();
    if (events != 0) std::abort();
  } catch (const std::runtime_error&) {
  }
  return 0;
}
