#include "message.hpp"

#include <array>
#include <map>

#include <logboom/compress.hpp>
#include <logboom/msgpack.hpp>

namespace logboom::out_forward {

namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(const std::array<std::uint8_t, 16>& bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = at; i < at + 3; ++i) group = group << 8 | (i < bytes.size() ? bytes[i] : 0U);
    for (unsigned shift = 24; shift > 0;) out += base64_digits[group >> (shift -= 6) & 63];
  }
  out.replace(out.size() - 2, 2, "==");
  return out;
}

unsigned digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a' + 10) & 15U;
}

iovec part(const void* data, std::size_t size) { return {const_cast<void*>(data), size}; }

std::string_view word(Compression compression) {
  switch (compression) {
    case Compression::gzip: return "gzip";
    case Compression::zstd: return "zstd";
    default: return "text";
  }
}

/// Entries with whole seconds, the older ones' way.
void write_whole_seconds(const TagRun& run, OutBuffer& out) {
  msgpack::Writer writer(out);
  for (const EventBatch* batch : run.batches) {
    batch->for_each([&](const Event& event) {
      writer.array(2);
      writer.integer(event.time.sec);
      writer.value(event.record.value());
    });
  }
}

void join(const TagRun& run, OutBuffer& out) {
  for (const EventBatch* batch : run.batches) {
    for (const Span& span : batch->spans()) out.append(span.data, span.size);
  }
}

}  // namespace

std::vector<TagRun> by_tag(const Chunk& chunk) {
  std::vector<TagRun> runs;
  std::map<std::string_view, std::size_t> known;
  for (const BatchPtr& batch : chunk.batches) {
    const std::string_view tag = batch->tag().text();
    const auto [at, fresh] = known.try_emplace(tag, runs.size());
    if (fresh) runs.push_back({tag, {}});
    runs[at->second].batches.push_back(&*batch);
  }
  return runs;
}

std::string message_id(std::string_view chunk_id, std::uint32_t number) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size() && 2 * i + 1 < chunk_id.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(digit(chunk_id[2 * i]) << 4 | digit(chunk_id[2 * i + 1]));
  }
  for (unsigned i = 0; i < 4; ++i) bytes[15 - i] ^= static_cast<std::uint8_t>(number >> 8 * i);
  return base64(bytes) + '\n';
}

void MessageWriter::add_entries(const TagRun& run, Message& out) const {
  if (compression == Compression::text && !time_as_integer) {
    for (const EventBatch* batch : run.batches) {
      for (const Span& span : batch->spans()) out.parts.push_back(part(span.data, span.size));
    }
    return;
  }
  OutBuffer plain;
  OutBuffer& entries = compression == Compression::text ? out.body : plain;
  if (time_as_integer) {
    write_whole_seconds(run, entries);
  } else {
    join(run, entries);
  }
  if (compression == Compression::gzip) gzip_compress(plain.text(), out.body);
  if (compression == Compression::zstd) zstd_compress(plain.text(), out.body);
  out.parts.push_back(part(out.body.data(), out.body.size()));
}

void MessageWriter::write(const TagRun& run, std::string id, Message& out) const {
  out.head.clear();
  out.body.clear();
  out.tail.clear();
  out.parts.assign(1, {});
  out.events = 0;
  out.id = std::move(id);
  add_entries(run, out);
  std::uint64_t size = 0;
  for (const iovec& entries : out.parts) size += entries.iov_len;
  for (const EventBatch* batch : run.batches) out.events += batch->events();

  msgpack::Writer head(out.head);
  head.array(3);
  head.string(run.tag);
  const auto length = __builtin_bswap32(static_cast<std::uint32_t>(size));
  out.head.append(static_cast<char>(0xdb));
  out.head.append({reinterpret_cast<const char*>(&length), sizeof length});
  msgpack::Writer tail(out.tail);
  tail.map(out.id.empty() ? 2 : 3);
  tail.string("size");
  tail.unsigned_integer(out.events);
  tail.string("compressed");
  tail.string(word(compression));
  if (!out.id.empty()) {
    tail.string("chunk");
    tail.string(out.id);
  }
  out.parts.front() = part(out.head.data(), out.head.size());
  out.parts.push_back(part(out.tail.data(), out.tail.size()));
}

}  // namespace logboom::out_forward
