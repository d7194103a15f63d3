#include "streams.hpp"

#include <algorithm>

namespace logboom::concat {
namespace {

constexpr std::size_t node_cost = sizeof(Stream) + 128;  // with its places in the list and in the map

std::string_view bytes_of(const msgpack::Value& value) noexcept {
  return {reinterpret_cast<const char*>(value.begin()), value.size()};
}

}  // namespace

Record Stream::record() const noexcept {
  const auto* data = reinterpret_cast<const std::uint8_t*>(record_.data());
  return Record(msgpack::Value(data, data + record_.size()));
}

std::size_t Stream::cost() const noexcept {
  return node_cost + key_.capacity() + record_.capacity() + text_.capacity() + fragments_.capacity() * sizeof(Fragment);
}

std::size_t Stream::growth(const Event& event, std::size_t text_size) const noexcept {
  const std::size_t wanted = text_.size() + text_size;
  const std::size_t text = wanted > text_.capacity() ? std::max(wanted, 2 * text_.capacity()) - text_.capacity() : 0;
  const std::size_t list = fragments_.size() == fragments_.capacity() ? (fragments_.size() + 1) * sizeof(Fragment) : 0;
  return text + list + (events_ == 0 ? event.record.value().size() : 0);
}

std::size_t Stream::first_cost(const Event& event, std::size_t text_size, std::size_t key_size) noexcept {
  return node_cost + key_size + event.record.value().size() + header_room + text_size + sizeof(Fragment) + 64;
}

void Stream::begin(const Event& event, const msgpack::Value& text) {
  record_ = bytes_of(event.record.value());
  binary_ = text.type() == msgpack::Type::binary;
  first_time_ = event.time;
}

void Stream::add(const Event& event, const msgpack::Value& text, std::string_view separator) {
  if (events_ == 0) {
    begin(event, text);
  } else {
    text_.append(separator);
  }
  text_.append(text.text());
  last_time_ = event.time;
  ++events_;
}

bool Stream::add_fragment(const Event& event, const msgpack::Value& text, std::uint64_t ordinal) {
  if (events_ == 0) begin(event, text);
  last_time_ = event.time;
  ++events_;
  const std::string_view bytes = text.text();
  const auto same = [&](const Fragment& f) {
    return f.ordinal == ordinal && std::string_view(text_).substr(f.offset, f.size) == bytes;
  };
  // Without ordinals equal texts are no repetition.
  if (ordinal != 0 && ordinal <= highest_ && std::any_of(fragments_.begin(), fragments_.end(), same)) return false;
  highest_ = std::max(highest_, ordinal);
  fragments_.push_back({ordinal, text_.size(), bytes.size()});
  text_.append(bytes);
  return true;
}

void Stream::go_on() noexcept {
  next_ordinal_ = highest_ + 1;
  fragments_.clear();
  text_.resize(header_room);
  events_ = 0;
}

bool Stream::misses_fragments(std::uint64_t last_ordinal) const noexcept {
  return last_ordinal < next_ordinal_ || fragments_.size() != last_ordinal - next_ordinal_ + 1;
}

void Stream::put_in_order(std::string_view separator) {
  const auto before = [](const Fragment& a, const Fragment& b) { return a.ordinal < b.ordinal; };
  if (separator.empty() && std::is_sorted(fragments_.begin(), fragments_.end(), before)) return;
  std::stable_sort(fragments_.begin(), fragments_.end(), before);
  std::string ordered(header_room, '\0');
  ordered.reserve(text_.size() + fragments_.size() * separator.size());
  for (Fragment& fragment : fragments_) {
    if (ordered.size() != header_room) ordered.append(separator);
    const std::size_t offset = ordered.size();
    ordered.append(text_, fragment.offset, fragment.size);
    fragment.offset = offset;
  }
  text_ = std::move(ordered);
}

msgpack::Value Stream::joined(std::string_view separator) {
  if (!fragments_.empty()) put_in_order(separator);
  const std::size_t size = text_size();
  const bool short_form = size < 32 && !binary_;
  const unsigned length_bytes = short_form ? 0 : size < 256 ? 1 : size < 65536 ? 2 : 4;
  std::size_t at = header_room;
  for (unsigned i = 0; i < length_bytes; ++i) text_[--at] = static_cast<char>(size >> (8 * i) & 0xff);
  const unsigned long_form = (binary_ ? 0xc4U : 0xd9U) + length_bytes / 2;
  text_[--at] = static_cast<char>(short_form ? 0xa0U | size : long_form);
  const auto* end = reinterpret_cast<const std::uint8_t*>(text_.data()) + text_.size();
  return {end - size - (header_room - at), end};
}

Stream* StreamTable::find(std::string_view key) {
  const auto place = places_.find(key);
  return place == places_.end() ? nullptr : &*place->second;
}

Stream& StreamTable::open(std::string_view key, std::size_t tag_size) {
  streams_.emplace_back(key, tag_size);
  places_.emplace(streams_.back().key(), std::prev(streams_.end()));
  return streams_.back();
}

void StreamTable::touch(Stream& stream, Stream::Clock::time_point now) {
  const std::size_t cost = stream.cost();
  cost_ += cost - stream.counted_;
  stream.counted_ = cost;
  stream.touched_ = now;
  streams_.splice(streams_.end(), streams_, places_.find(stream.key())->second);
}

void StreamTable::close(Stream& stream) {
  cost_ -= stream.counted_;
  const auto place = places_.find(stream.key());
  const auto node = place->second;
  places_.erase(place);
  streams_.erase(node);
}

}  // namespace logboom::concat
