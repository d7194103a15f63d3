#include "message_ids.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string>

namespace logboom::in_forward {

namespace {

constexpr std::size_t shortest_id = 16;
// Of the first and of the last bytes of the events, times included.
constexpr std::size_t sample = 96;

/// 128 bits and more in hexadecimal digits.
bool may_be_hash(std::string_view id) {
  static constexpr std::array<std::size_t, 5> sizes{32, 40, 64, 96, 128};
  return std::find(sizes.begin(), sizes.end(), id.size()) != sizes.end() &&
         id.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

void put(std::string& out, std::string_view text) {
  const std::uint64_t size = text.size();
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(text);
}

}  // namespace

/// Looked up once: that takes longer than hashing.
struct MessageIds::Hash {
  Hash() : kind(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {}
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;
  ~Hash() { EVP_MD_free(kind); }
  EVP_MD* kind;
};

MessageIds::MessageIds() : hash_(std::make_unique<Hash>()) {
  std::random_device random;
  nonce_ = static_cast<std::uint64_t>(random()) << 32 | random();
}

MessageIds::~MessageIds() = default;

MessageIds::Name MessageIds::name(std::string_view source, const msgpack::Value& chunk, const EventBatch& batch) {
  if (!chunk || !chunk.is_text() || chunk.text().size() < shortest_id || batch.spans().empty()) return {};
  const MessageId print = fingerprint(source, chunk.text(), batch);
  if (!print || !may_be_hash(chunk.text())) return {print, {}};
  return {fresh_or_unanswered(print), print};
}

MessageId MessageIds::fingerprint(std::string_view source, std::string_view chunk, const EventBatch& batch) const {
  if (hash_->kind == nullptr) return {};
  const Span& first = batch.spans().front();
  const Span& last = batch.spans().back();
  const std::size_t begin = std::min<std::size_t>(first.size, sample);
  const std::size_t end = std::min<std::size_t>(last.size, sample);
  const std::array<std::uint64_t, 2> sizes{batch.events(), batch.bytes()};
  std::string text;
  text.reserve(512);
  put(text, source);
  put(text, chunk);
  put(text, batch.tag().text());
  put(text, {reinterpret_cast<const char*>(sizes.data()), sizeof sizes});
  put(text, {reinterpret_cast<const char*>(first.data), begin});
  put(text, {reinterpret_cast<const char*>(last.data + last.size - end), end});
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, hash_->kind, nullptr) != 1) return {};
  MessageId id;
  std::memcpy(&id.high, digest.data(), sizeof id.high);
  std::memcpy(&id.low, digest.data() + sizeof id.high, sizeof id.low);
  return id;
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
