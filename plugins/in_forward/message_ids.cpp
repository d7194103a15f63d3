#include "message_ids.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <cstring>
#include <random>

namespace logboom::in_forward {

namespace {

constexpr std::size_t shortest_id = 16;
// So many of the first and of the last bytes of the events count: all of a container's line.
constexpr std::size_t sample = 1024;

/// 128 bits and more in hexadecimal digits.
bool may_be_hash(std::string_view id) {
  static constexpr std::array<std::size_t, 5> sizes{32, 40, 64, 96, 128};
  return std::find(sizes.begin(), sizes.end(), id.size()) != sizes.end() &&
         id.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

using Print = boost::container::small_vector<char, 2 * sample + 512>;

void put(Print& out, const void* data, std::size_t size) {
  const char* bytes = static_cast<const char*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

void put(Print& out, std::string_view text) {
  const std::uint64_t size = text.size();
  put(out, &size, sizeof size);
  put(out, text.data(), text.size());
}

/// The first and the last bytes of the events, the same however the reads have cut these into spans.
void put_ends(Print& out, const EventBatch& batch) {
  const std::size_t size = std::min<std::uint64_t>(batch.bytes(), sample);
  std::size_t left = size;
  for (const Span& span : batch.spans()) {
    const std::size_t part = std::min<std::size_t>(span.size, left);
    put(out, span.data, part);
    left -= part;
  }
  if (batch.bytes() == size) return;
  out.resize(out.size() + size);
  char* at = out.data() + out.size();
  left = size;
  for (auto span = batch.spans().rbegin(); left != 0; ++span) {
    const std::size_t part = std::min<std::size_t>(span->size, left);
    at -= part;
    left -= part;
    std::memcpy(at, span->data + span->size - part, part);
  }
}

/// Stable: file buffers have it on disk. XXH3's values are, from version 0.8 of the library on.
MessageId fingerprint(std::string_view source, std::string_view chunk, const EventBatch& batch) {
  const std::array<std::uint64_t, 2> sizes{batch.events(), batch.bytes()};
  Print print;
  put(print, source);
  put(print, chunk);
  put(print, batch.tag().text());
  put(print, sizes.data(), sizeof sizes);
  put_ends(print, batch);
  const XXH128_hash_t hash = XXH3_128bits(print.data(), print.size());
  return {hash.high64, hash.low64};
}

}  // namespace

MessageIds::MessageIds() {
  std::random_device random;
  nonce_ = static_cast<std::uint64_t>(random()) << 32 | random();
}

MessageIds::Name MessageIds::name(std::string_view source, const msgpack::Value& chunk, const EventBatch& batch) {
  if (!chunk || !chunk.is_text() || chunk.text().size() < shortest_id || batch.spans().empty()) return {};
  const MessageId print = fingerprint(source, chunk.text(), batch);
  if (!print || !may_be_hash(chunk.text())) return {print, {}};
  return {fresh_or_unanswered(print), print};
}

MessageId MessageIds::fresh_or_unanswered(const MessageId& content) {
  const std::lock_guard lock(mutex_);
  const auto found = unanswered_.find(content);
  if (found == unanswered_.end()) return {nonce_, content.low ^ (++last_ * 0x9e3779b97f4a7c15U)};
  const MessageId id = found->second;
  unanswered_.erase(found);
  return id;
}

void MessageIds::unanswered(const Name& name) {
  if (!name.content) return;
  const std::lock_guard lock(mutex_);
  unanswered_.emplace(name.content, name.id);
  order_.push_back(name.content);
  while (order_.size() > most_unanswered) {
    const auto oldest = unanswered_.find(order_.front());
    if (oldest != unanswered_.end()) unanswered_.erase(oldest);
    order_.pop_front();
  }
}

}  // namespace logboom::in_forward
