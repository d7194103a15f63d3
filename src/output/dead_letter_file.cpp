#include "output/dead_letter_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <logboom/log.hpp>
#include <logboom/msgpack.hpp>

namespace logboom {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "logboom dead letter 1\n";
constexpr std::size_t front_size = magic.size() + 8;
constexpr std::uint32_t longest_header = 1 << 20;
constexpr std::size_t most_tags = 16;
/// A batch that makes a letter so much larger than it should be is not cut.
constexpr std::uint64_t small_excess = std::uint64_t{1} << 20;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }
[[noreturn]] void damaged(const std::string& path, const char* what) {
  throw std::runtime_error(path + " is damaged: " + what);
}

class File {
 public:
  File(std::string path, int flags) : path_(std::move(path)), fd_(::open(path_.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) fail("can't open " + path_);
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) fail("can't write " + path_);
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void sync() {
    if (::fsync(fd_) != 0) fail("can't sync " + path_);
  }
  struct stat status() const {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) fail("can't look at " + path_);
    return info;
  }
  void read(std::uint8_t* to, std::size_t size) {
    while (size > 0) {
      const ssize_t n = ::read(fd_, to, size);
      if (n < 0 && errno != EINTR) fail("can't read " + path_);
      if (n == 0) damaged(path_, "it is too short");
      if (n > 0) {
        to += n;
        size -= static_cast<std::size_t>(n);
      }
    }
  }

 private:
  const std::string path_;
  int fd_;
};

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void put_u32(std::string& out, std::uint32_t n) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(n >> shift & 0xff);
}

std::uint32_t get_u32(const std::uint8_t* p) {
  std::uint32_t n = 0;
  for (unsigned i = 0; i < 4; ++i) n |= static_cast<std::uint32_t>(p[i]) << (8 * i);
  return n;
}

/// A file name of any output's id.
std::string file_name(std::string_view id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : id) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                       c == '-' || c == '@' || (c == '.' && !out.empty());
    const auto byte = static_cast<unsigned char>(c);
    plain ? out += c : out.append("%").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return out.empty() ? "%" : out;
}

void append_batch(const EventBatch& batch, OutBuffer& body, DeadLetter& letter) {
  msgpack::Writer writer(body);
  const std::string_view tag = batch.tag().text();
  writer.array(3);
  writer.binary(tag);
  writer.unsigned_integer(batch.events());
  writer.binary_head(static_cast<std::uint32_t>(batch.bytes()));
  for (const Span& span : batch.spans()) writer.raw(span.data, span.size);
  letter.events += batch.events();
  letter.bytes += batch.bytes();
  if (std::find(letter.tags.begin(), letter.tags.end(), tag) != letter.tags.end()) return;
  letter.more_tags = letter.tags.size() == most_tags;
  if (!letter.more_tags) letter.tags.emplace_back(tag);
}

std::string make_header(const DeadLetter& letter, std::string_view body) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  const auto text = [&writer](std::string_view key, std::string_view value) {
    writer.string(key);
    writer.binary(value);
  };
  const auto number = [&writer](std::string_view key, std::uint64_t value) {
    writer.string(key);
    writer.unsigned_integer(value);
  };
  writer.map(13);
  text("id", letter.id);
  text("output", letter.output);
  writer.string("tags");
  writer.array(static_cast<std::uint32_t>(letter.tags.size()));
  for (const std::string& tag : letter.tags) writer.binary(tag);
  number("more_tags", letter.more_tags ? 1 : 0);
  text("reason", letter.reason);
  text("detail", letter.detail);
  number("attempts", letter.attempts);
  number("time", static_cast<std::uint64_t>(letter.time));
  number("failing_since", static_cast<std::uint64_t>(letter.failing_since));
  number("events", letter.events);
  number("bytes", letter.bytes);
  number("body_size", body.size());
  number("body_crc", checksum(body));
  return std::string(bytes.text());
}

struct Front {
  DeadLetter letter;
  std::uint64_t body_size = 0;
  std::uint32_t body_crc = 0;
};

Front read_header(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  const std::uint8_t* const end = bytes.data() + bytes.size();
  if (bytes.empty() || msgpack::skip(bytes.data(), end) != end || msgpack::type_of(bytes[0]) != msgpack::Type::map)
    damaged(path, "its header is no map");
  const Record header(msgpack::Value(bytes.data(), end));
  const auto text = [&header](std::string_view key) {
    const msgpack::Value value = header.find(key);
    return value && value.is_text() ? std::string(value.text()) : std::string();
  };
  const auto number = [&](std::string_view key) {
    std::uint64_t n = 0;
    const msgpack::Value value = header.find(key);
    if (!value || !value.to_uint(n)) damaged(path, "its header has not all that it should");
    return n;
  };
  Front front;
  DeadLetter& letter = front.letter;
  letter.path = path;
  letter.id = text("id");
  letter.output = text("output");
  if (const msgpack::Value tags = header.find("tags")) {
    const std::uint8_t* at = tags.children();
    for (std::uint32_t i = 0; tags.type() == msgpack::Type::array && i < tags.count(); ++i) {
      const std::uint8_t* const after = msgpack::skip(at, tags.end());
      letter.tags.emplace_back(msgpack::Value(at, after).text());
      at = after;
    }
  }
  letter.more_tags = number("more_tags") != 0;
  letter.reason = text("reason");
  letter.detail = text("detail");
  letter.attempts = number("attempts");
  letter.time = static_cast<std::int64_t>(number("time"));
  letter.failing_since = static_cast<std::int64_t>(number("failing_since"));
  letter.events = number("events");
  letter.bytes = number("bytes");
  front.body_size = number("body_size");
  front.body_crc = static_cast<std::uint32_t>(number("body_crc"));
  return front;
}

Front read_front(const std::string& path, File& file) {
  std::array<std::uint8_t, front_size> fixed;
  file.read(fixed.data(), fixed.size());
  if (std::memcmp(fixed.data(), magic.data(), magic.size()) != 0) damaged(path, "it is no dead letter of this version");
  const std::uint32_t size = get_u32(fixed.data() + magic.size());
  if (size > longest_header) damaged(path, "its header is too long");
  std::vector<std::uint8_t> header(size);
  file.read(header.data(), header.size());
  if (checksum({reinterpret_cast<const char*>(header.data()), header.size()}) !=
      get_u32(fixed.data() + magic.size() + 4))
    damaged(path, "its header's checksum is wrong");
  Front front = read_header(path, header);
  const struct stat status = file.status();
  front.letter.file_size = static_cast<std::uint64_t>(status.st_size);
  front.letter.changed = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  if (front.letter.file_size < front_size + size || front.letter.file_size - front_size - size != front.body_size)
    damaged(path, "its size is not what it says");
  return front;
}

/// Adds the entries, which are checked: an array of a time and a map each.
std::uint64_t add_entries(EventBatch& batch, std::string_view bytes) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::uint8_t* const end = at + bytes.size();
  std::uint64_t events = 0;
  while (at != end) {
    const std::uint8_t* const after = msgpack::skip(at, end);
    if (after == nullptr || msgpack::type_of(*at) != msgpack::Type::array) return 0;
    const msgpack::Value entry(at, after);
    const std::uint8_t* p = entry.children();
    EventTime time;
    if (entry.count() != 2 || !read_time(p, after, time) || msgpack::type_of(*p) != msgpack::Type::map) return 0;
    batch.add_held({at, static_cast<std::uint32_t>(after - at), 1});
    at = after;
    ++events;
  }
  return events;
}

/// Null where the object is no batch. Each has memory of its own: what a buffer counts for one is what it holds.
BatchPtr read_batch(const msgpack::Value& object) {
  if (object.type() != msgpack::Type::array || object.count() != 3) return {};
  const std::uint8_t* const tag_end = msgpack::skip(object.children(), object.end());
  const std::uint8_t* const events_end = msgpack::skip(tag_end, object.end());
  const msgpack::Value tag(object.children(), tag_end);
  const msgpack::Value entries(events_end, object.end());
  std::uint64_t events = 0;
  if (!tag.is_text() || !msgpack::Value(tag_end, events_end).to_uint(events) || !entries.is_text()) return {};
  const std::string_view bytes = entries.text();
  const SlabPtr slab(Slab::make(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), slab->data());
  auto batch = std::make_unique<EventBatch>(Tag::make(tag.text()));
  batch->hold(slab);
  if (add_entries(*batch, {reinterpret_cast<const char*>(slab->data()), bytes.size()}) != events) return {};
  return BatchPtr(std::move(batch));
}

void sync_folder(const std::string& path) { File(path, O_RDONLY | O_DIRECTORY).sync(); }

/// The letters of one chunk while they are written; those that are not finished are gone with it.
class LetterFiles {
 public:
  LetterFiles(std::string folder, const DeadLetter& about, const TakeRoom& take_room)
      : folder_(std::move(folder)), about_(about), take_room_(take_room) {
    begin();
  }
  ~LetterFiles() {
    for (const std::string& path : written_) ::unlink(next_to(path).c_str());
  }
  LetterFiles(const LetterFiles&) = delete;
  LetterFiles& operator=(const LetterFiles&) = delete;

  void add(const EventBatch& batch) {
    if (letter_.bytes + batch.bytes() > large_letter + small_excess) return cut(batch);
    append_batch(batch, body_, letter_);
    if (letter_.bytes >= large_letter) write();
  }
  void finish() {
    if (letter_.events > 0 || written_.empty()) write();
    for (const std::string& path : written_) {
      if (::rename(next_to(path).c_str(), path.c_str()) == 0) continue;
      const int error = errno;
      for (const std::string& named : written_) ::unlink(named.c_str());
      errno = error;
      fail("can't rename " + next_to(path));
    }
    written_.clear();
    sync_folder(folder_);
  }

 private:
  static std::string next_to(const std::string& path) { return path + ".next"; }

  void cut(const EventBatch& batch) {
    std::optional<EventBatch> part(std::in_place, batch.tag());
    batch.for_each([&](const Event& event) {
      part->add_held({event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1});
      if (letter_.bytes + part->bytes() < large_letter) return;
      append_batch(*part, body_, letter_);
      part.emplace(batch.tag());
      write();
    });
    if (part->events() > 0) append_batch(*part, body_, letter_);
  }
  void begin() {
    letter_ = about_;
    letter_.events = letter_.bytes = 0;
    if (!written_.empty()) letter_.id += "." + std::to_string(written_.size() + 1);
    body_.clear();
  }
  void write() {
    fs::create_directories(folder_);
    const std::string header = make_header(letter_, body_.text());
    std::string front(magic);
    put_u32(front, static_cast<std::uint32_t>(header.size()));
    put_u32(front, checksum(header));
    front += header;
    if (!take_room_(room_of_letter(front.size() + body_.size()))) throw NoRoomForLetter("there is no room");
    written_.push_back(folder_ + "/" + file_name(letter_.id) + std::string(dead_letter_extension));
    File file(next_to(written_.back()), O_WRONLY | O_CREAT | O_TRUNC);
    file.write(front);
    file.write(body_.text());
    file.sync();
    begin();
  }

  const std::string folder_;
  const DeadLetter& about_;
  const TakeRoom& take_room_;
  DeadLetter letter_;
  OutBuffer body_;
  std::vector<std::string> written_;
};

}  // namespace

std::string dead_letters_folder(const std::string& root_dir) { return root_dir + "/dead_letters"; }

std::string dead_letters_folder(const std::string& root_dir, std::string_view output) {
  return dead_letters_folder(root_dir) + "/" + file_name(output);
}

void write_dead_letters(const std::string& root_dir, const DeadLetter& about, const Chunk& chunk,
                        const TakeRoom& take_room) {
  LetterFiles files(dead_letters_folder(root_dir, about.output), about, take_room);
  chunk.for_each_batch([&files](const BatchPtr& batch) { files.add(*batch); });
  files.finish();
}

DeadLetter read_dead_letter(const std::string& path) {
  File file(path, O_RDONLY);
  return read_front(path, file).letter;
}

std::vector<BatchPtr> read_dead_letter_batches(const std::string& path) {
  File file(path, O_RDONLY);
  const Front front = read_front(path, file);
  const SlabPtr slab(Slab::make(front.body_size));
  file.read(slab->data(), front.body_size);
  const std::uint8_t* at = slab->data();
  const std::uint8_t* const end = at + front.body_size;
  if (checksum({reinterpret_cast<const char*>(at), front.body_size}) != front.body_crc)
    damaged(path, "the checksum of its events is wrong");
  std::vector<BatchPtr> batches;
  while (at != end) {
    const std::uint8_t* const after = msgpack::skip(at, end);
    BatchPtr batch = after == nullptr ? BatchPtr() : read_batch(msgpack::Value(at, after));
    if (!batch) damaged(path, "its events are not what they should be");
    batches.push_back(std::move(batch));
    at = after;
  }
  return batches;
}

}  // namespace logboom
