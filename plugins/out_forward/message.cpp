#include "message.hpp"

#include <array>

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
  Event event;
  for (const Span& span : run.spans) {
    EntryCursor cursor(span);
    while (cursor.next(event)) {
      writer.array(2);
      writer.integer(event.time.sec);
      writer.value(event.record.value());
    }
  }
}

void join(const TagRun& run, OutBuffer& out) {
  for (const Span& span : run.spans) out.append(span.data, span.size);
}

/// Whole entries from the front of the span, `size` bytes or as few more as it takes.
Span front_of(const Span& span, std::uint64_t size) {
  if (size >= span.size) return span;
  EntryCursor cursor(span);
  Event event;
  Span front{span.data, 0, 0};
  while (front.size < size && cursor.next(event)) {
    front.size = static_cast<std::uint32_t>(event.entry.end() - span.data);
    ++front.events;
  }
  return front;
}

}  // namespace

/// Where a batch goes to; it is held from now on.
TagRun& Portions::run_of(const BatchPtr& batch) {
  const std::string_view tag = batch->tag().text();
  held_.push_back(batch);
  const auto [at, fresh] = known_.try_emplace(tag, runs_.size());
  if (fresh) runs_.push_back({tag, {}, 0});
  return runs_[at->second];
}

bool Portions::add(const BatchPtr& batch) {
  TagRun* run = &run_of(batch);
  for (Span span : batch->spans()) {
    while (span.size > 0) {
      if (run == nullptr) run = &run_of(batch);
      const Span front = front_of(span, limit_ - bytes_);
      run->spans.push_back(front);
      run->events += front.events;
      bytes_ += front.size;
      span = {span.data + front.size, span.size - front.size, span.events - front.events};
      if (bytes_ < limit_) continue;
      if (!finish()) return false;
      run = nullptr;
    }
  }
  return true;
}

bool Portions::finish() {
  const bool more = bytes_ == 0 || send_(runs_);
  runs_.clear();
  known_.clear();
  held_.clear();
  bytes_ = 0;
  return more;
}

std::string message_id(std::string_view chunk_id, std::uint32_t number) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size() && 2 * i + 1 < chunk_id.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(digit(chunk_id[2 * i]) << 4 | digit(chunk_id[2 * i + 1]));
  }
  for (unsigned i = 0; i < 4; ++i) bytes[i] ^= static_cast<std::uint8_t>(number >> 8 * i);
  return base64(bytes) + '\n';
}

void MessageWriter::add_entries(const TagRun& run, Message& out) const {
  if (compression == Compression::text && !time_as_integer) {
    for (const Span& span : run.spans) out.parts.push_back(part(span.data, span.size));
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
  out.events = run.events;
  out.id = std::move(id);
  add_entries(run, out);
  std::uint64_t size = 0;
  for (const iovec& entries : out.parts) size += entries.iov_len;

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
