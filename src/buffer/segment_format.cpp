#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>

#include <logboom/compress.hpp>
#include <logboom/crc32c.hpp>
#include <logboom/segment.hpp>

#include <logboom/little_endian.hpp>

namespace logboom::segment {

namespace {

constexpr std::uint64_t file_magic = 0x0131474553424c;  // "LBSEG1\x01"
constexpr std::uint32_t frame_magic = 0x3146424c;       // "LBF1"
constexpr std::size_t crc_at = 12;
constexpr std::size_t crc_from = 16;
constexpr std::size_t message_size = 20;
constexpr std::size_t section_size = 12;
constexpr std::uint8_t has_slice = 1;
constexpr std::uint8_t is_by_tag = 2;
constexpr std::uint32_t max_lists = std::uint32_t{1} << 28;

const std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

std::uint64_t lists_size(const Frame& frame) noexcept {
  std::uint64_t size = frame.fields.size() + frame.messages.size() * message_size;
  for (const Section& section : frame.sections) size += section_size + section.tag.size();
  return size;
}

void write_lists(const Frame& frame, LittleEndianWriter& to) {
  const auto text = [&to](std::string_view view) {
    if (!view.empty()) std::memcpy(to.at(), view.data(), view.size());
    to = LittleEndianWriter(to.at() + view.size());
  };
  text(frame.fields);
  for (const Section& section : frame.sections) {
    to.put(section.events);
    to.put(section.bytes);
    to.put(static_cast<std::uint32_t>(section.tag.size()));
    text(section.tag);
  }
  for (const MessagePart& part : frame.messages) {
    to.put(part.message.high);
    to.put(part.message.low);
    to.put(part.parts);
  }
}

/// False where the lists do not fill `lists` or disagree with the frame.
bool read_lists(std::span<const std::uint8_t> lists, std::uint32_t fields, std::uint32_t sections,
                std::uint32_t messages, Frame& frame) {
  if (fields > lists.size()) return false;
  frame.fields = {reinterpret_cast<const char*>(lists.data()), fields};
  lists = lists.subspan(fields);
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < sections; ++i) {
    if (lists.size() < section_size) return false;
    LittleEndianReader from(lists.data());
    Section section;
    section.events = from.get<std::uint32_t>();
    section.bytes = from.get<std::uint32_t>();
    const auto tag = from.get<std::uint32_t>();
    if (lists.size() - section_size < tag) return false;
    section.tag = {reinterpret_cast<const char*>(from.at()), tag};
    lists = lists.subspan(section_size + tag);
    events += section.events;
    bytes += section.bytes;
    frame.sections.push_back(section);
  }
  if (lists.size() != std::uint64_t{messages} * message_size) return false;
  LittleEndianReader from(lists.data());
  for (std::uint32_t i = 0; i < messages; ++i) {
    MessagePart part;
    part.message.high = from.get<std::uint64_t>();
    part.message.low = from.get<std::uint64_t>();
    part.parts = from.get<std::uint32_t>();
    frame.messages.push_back(part);
  }
  return events == frame.events && bytes == frame.bytes;
}

}  // namespace

std::uint64_t Frame::head_size() const noexcept { return frame_head_size + lists_size(*this); }

void write_file_head(const FileHead& head, std::uint8_t* to) noexcept {
  std::memset(to, 0, file_head_size);
  LittleEndianWriter body(to + crc_from);
  for (const std::uint64_t number : {head.sequence, head.nonce, head.buffer,
                                     static_cast<std::uint64_t>(head.created_ms), head.replaces, head.replaces_from}) {
    body.put(number);
  }
  LittleEndianWriter start(to);
  start.put(file_magic);
  start.put(crc32c(to + crc_from, file_head_size - crc_from));
}

std::optional<FileHead> read_file_head(std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.size() < file_head_size) return std::nullopt;
  LittleEndianReader from(bytes.data());
  if (from.get<std::uint64_t>() != file_magic) return std::nullopt;
  if (from.get<std::uint32_t>() != crc32c(bytes.data() + crc_from, file_head_size - crc_from)) return std::nullopt;
  from.skip(crc_from - crc_at);
  FileHead head;
  head.sequence = from.get<std::uint64_t>();
  head.nonce = from.get<std::uint64_t>();
  head.buffer = from.get<std::uint64_t>();
  head.created_ms = static_cast<std::int64_t>(from.get<std::uint64_t>());
  head.replaces = from.get<std::uint64_t>();
  head.replaces_from = from.get<std::uint64_t>();
  return head;
}

void append_text(std::string_view text, std::string& packed) {
  std::uint8_t size[4];
  LittleEndianWriter(size).put(static_cast<std::uint32_t>(text.size()));
  packed.append(reinterpret_cast<const char*>(size), sizeof size).append(text);
}

std::optional<std::string_view> next_text(std::string_view& packed) noexcept {
  if (packed.size() < 4) return std::nullopt;
  const auto size = LittleEndianReader(bytes_of(packed)).get<std::uint32_t>();
  if (packed.size() - 4 < size) return std::nullopt;
  const std::string_view text = packed.substr(4, size);
  packed.remove_prefix(4 + size);
  return text;
}

void write_frame_head(const Frame& frame, std::uint64_t nonce, OutBuffer& out) {
  const std::uint64_t size = frame.head_size();
  auto* const start = reinterpret_cast<std::uint8_t*>(out.reserve(size));
  LittleEndianWriter to(start);
  to.put(frame_magic);
  to.put(nonce);
  to.put(std::uint32_t{0});
  to.put(frame.offset);
  to.put(frame.chunk);
  to.put(static_cast<std::uint64_t>(frame.written_ms));
  to.put(static_cast<std::uint64_t>(frame.slice.value_or(0)));
  for (const std::uint32_t number : {frame.events, frame.bytes, frame.stored, frame.payload_crc}) to.put(number);
  to.put(static_cast<std::uint32_t>(size - frame_head_size));
  to.put(static_cast<std::uint32_t>(frame.fields.size()));
  to.put(static_cast<std::uint32_t>(frame.sections.size()));
  to.put(static_cast<std::uint32_t>(frame.messages.size()));
  to.put(static_cast<std::uint8_t>(frame.codec));
  to.put(static_cast<std::uint8_t>((frame.slice ? has_slice : 0) | (frame.by_tag ? is_by_tag : 0)));
  to.put(std::uint16_t{0});
  to.put(std::uint32_t{0});
  write_lists(frame, to);
  LittleEndianWriter(start + crc_at).put(crc32c(start + crc_from, size - crc_from));
  out.commit(size);
}

Parse parse_frame(std::span<const std::uint8_t> bytes, std::uint64_t offset, std::optional<std::uint64_t> nonce,
                  Frame& frame) {
  frame = Frame();
  frame.offset = frame_head_size;
  if (bytes.size() < frame_head_size) return Parse::more;
  LittleEndianReader from(bytes.data());
  if (from.get<std::uint32_t>() != frame_magic) return Parse::bad;
  const auto own_nonce = from.get<std::uint64_t>();
  const auto crc = from.get<std::uint32_t>();
  if ((nonce && own_nonce != *nonce) || from.get<std::uint64_t>() != offset) return Parse::bad;
  frame.chunk = from.get<std::uint64_t>();
  frame.written_ms = static_cast<std::int64_t>(from.get<std::uint64_t>());
  const auto slice = static_cast<std::int64_t>(from.get<std::uint64_t>());
  for (std::uint32_t* number : {&frame.events, &frame.bytes, &frame.stored, &frame.payload_crc}) {
    *number = from.get<std::uint32_t>();
  }
  const auto lists = from.get<std::uint32_t>();
  if (lists > max_lists) return Parse::bad;
  frame.offset = frame_head_size + lists;
  if (bytes.size() < frame.offset) return Parse::more;
  if (crc32c(bytes.data() + crc_from, frame_head_size + lists - crc_from) != crc) return Parse::bad;
  frame.offset = offset;
  const auto fields = from.get<std::uint32_t>();
  const auto sections = from.get<std::uint32_t>();
  const auto messages = from.get<std::uint32_t>();
  const auto codec = from.get<std::uint8_t>();
  const auto flags = from.get<std::uint8_t>();
  if (codec > static_cast<std::uint8_t>(Codec::zstd)) return Parse::bad;
  frame.codec = static_cast<Codec>(codec);
  if (frame.codec == Codec::plain && frame.stored != frame.bytes) return Parse::bad;
  if ((flags & has_slice) != 0) frame.slice = slice;
  frame.by_tag = (flags & is_by_tag) != 0;
  return read_lists(bytes.subspan(frame_head_size, lists), fields, sections, messages, frame) ? Parse::ok : Parse::bad;
}

bool unpack(const Frame& frame, std::string_view payload, OutBuffer& entries) {
  const std::size_t before = entries.size();
  const auto sink = [&entries](std::string_view piece) {
    entries.append(piece);
    return true;
  };
  DecompressBudget budget(frame.bytes);
  DecompressBudget::Share share(budget);
  const std::string_view pieces[] = {payload};
  switch (frame.codec) {
    case Codec::plain: entries.append(payload); break;
    case Codec::gzip: decompress_gzip(pieces, frame.bytes, share, sink); break;
    case Codec::zstd: decompress_zstd(pieces, frame.bytes, share, sink); break;
  }
  return entries.size() - before == frame.bytes;
}

std::string file_name(std::uint64_t sequence, std::string_view suffix) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = "segment.";
  for (int shift = 60; shift >= 0; shift -= 4) name.push_back(digits[sequence >> shift & 15]);
  return name.append(suffix);
}

std::vector<File> list_files(const std::string& directory, std::string_view suffix) {
  std::error_code error;
  return list_files(directory, suffix, error);
}

std::vector<File> list_files(const std::string& directory, std::string_view suffix, std::error_code& error) {
  std::vector<File> files;
  for (auto at = std::filesystem::directory_iterator(directory, error); at != std::filesystem::directory_iterator();
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    constexpr std::size_t prefix = 8;
    std::uint64_t sequence = 0;
    if (name.size() != prefix + 16 + suffix.size()) continue;
    std::from_chars(name.data() + prefix, name.data() + prefix + 16, sequence, 16);
    if (name == file_name(sequence, suffix)) files.push_back({sequence, at->path().string()});
    if (error) break;
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.sequence < b.sequence; });
  return files;
}

}  // namespace logboom::segment
