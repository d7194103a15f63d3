#include <logboom/event.hpp>

#include <algorithm>
#include <limits>
#include <new>

namespace logboom {

Tag Tag::make(std::string_view text) {
  void* memory = ::operator new(sizeof(Data) + text.size());
  Tag tag;
  tag.data_ = ::new (memory) Data;
  tag.data_->size = static_cast<std::uint32_t>(text.size());
  if (!text.empty()) std::memcpy(static_cast<void*>(tag.data_ + 1), text.data(), text.size());
  return tag;
}

void Tag::destroy(Data* data) noexcept {
  data->~Data();
  ::operator delete(data);
}

msgpack::Value Record::find(std::string_view key) const noexcept {
  msgpack::Value found;
  for_each([&](const msgpack::Value& k, const msgpack::Value& v) {
    if (k.is_text() && k.text() == key) found = v;
  });
  return found;
}

namespace {

/// uint 32, or int 32: what Docker's driver writes.
bool is_short_time(std::uint8_t first) noexcept { return first == 0xce || first == 0xd2; }
std::int64_t short_time(const std::uint8_t* p) noexcept {
  const auto seconds = static_cast<std::uint32_t>(msgpack::load_be(p + 1, 4));
  return *p == 0xce ? std::int64_t{seconds} : std::int64_t{static_cast<std::int32_t>(seconds)};
}

}  // namespace

bool read_time(const std::uint8_t*& p, const std::uint8_t* end, EventTime& time) noexcept {
  if (p == end) return false;
  const std::uint8_t first = *p;
  if (is_short_time(first) && end - p >= 5) {
    time = {short_time(p), 0};
    p += 5;
    return true;
  }
  if (first == 0xd7 || (first >= 0xc7 && first <= 0xc9)) {
    const std::ptrdiff_t header = msgpack::detail::head_table.heads[first].size;
    if (end - p < header + 8) return false;
    time.sec = static_cast<std::int64_t>(msgpack::load_be(p + header, 4));
    time.nsec = static_cast<std::uint32_t>(msgpack::load_be(p + header + 4, 4));
    p += header + 8;
    return true;
  }
  if (msgpack::type_of(first) != msgpack::Type::integer) return false;
  const std::uint8_t* after = msgpack::skip(p, end);
  if (after == nullptr) return false;
  const msgpack::Value value(p, after);
  if (!value.to_int(time.sec)) time.sec = std::numeric_limits<std::int64_t>::max();
  time.nsec = 0;
  p = after;
  return true;
}

namespace {

/// The end of a whole record: of a small flat one in fewer steps than msgpack::skip takes.
const std::uint8_t* record_end(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  if ((*p & 0xf0) != 0x80) return msgpack::skip(p, end);
  const std::uint8_t* at = p + 1;
  for (unsigned left = 2 * (*p & 0x0fU); left > 0; --left) {
    const std::uint8_t first = *at;
    if ((first & 0xe0) == 0xa0) {
      at += 1 + (first & 0x1f);
    } else if (first == 0xd9) {
      at += 2 + at[1];
    } else {
      at = msgpack::skip(at, end);
    }
  }
  return at;
}

}  // namespace

bool EntryCursor::next(Event& event) noexcept {
  if (at_ == end_) return false;
  const std::uint8_t* p = at_ + (*at_ == 0x92 ? 1 : *at_ == 0xdc ? 3 : 5);
  if (is_short_time(*p)) {
    event.time = {short_time(p), 0};
    p += 5;
  } else {
    read_time(p, end_, event.time);
  }
  const std::uint8_t* after = single_ ? end_ : record_end(p, end_);
  event.record = Record(msgpack::Value(p, after));
  event.entry = msgpack::Value(at_, after);
  at_ = after;
  return true;
}

void EventBatch::add(const Span& span, const SlabPtr& slab) {
  events_ += span.events;
  bytes_ += span.size;
  const bool same_slab = !slabs_.empty() && slabs_.back() == slab;
  if (!same_slab) slabs_.push_back(slab);
  if (same_slab && !spans_.empty()) {
    Span& last = spans_.back();
    if (last.data + last.size == span.data) {
      last.size += span.size;
      last.events += span.events;
      return;
    }
  }
  spans_.emplace_back(span);
}

void EventBatch::move_out(std::size_t first, const SlabPtr& slab, std::size_t limit, const SlabPtr& target,
                          std::size_t& used) {
  const std::uint8_t* begin = slab->data();
  const std::uint8_t* end = begin + slab->capacity();
  const auto inside = [&](const Span& span) { return span.data >= begin && span.data < end; };
  std::size_t bytes = 0;
  for (std::size_t i = first; i < spans_.size(); ++i) bytes += inside(spans_[i]) ? spans_[i].size : 0;
  if (bytes == 0 || bytes >= limit) return;
  for (std::size_t i = first; i < spans_.size(); ++i) {
    Span& span = spans_[i];
    if (!inside(span)) continue;
    std::uint8_t* at = target->data() + used;
    std::memcpy(at, span.data, span.size);
    span.data = at;
    used += span.size;
  }
  const bool still_inside =
      std::any_of(spans_.begin(), spans_.begin() + static_cast<std::ptrdiff_t>(std::min(first, spans_.size())), inside);
  const auto let_go = [&](const SlabPtr& held) { return held == target || (held == slab && !still_inside); };
  slabs_.erase(std::remove_if(slabs_.begin(), slabs_.end(), let_go), slabs_.end());
  slabs_.push_back(target);
}

void EventBatch::hold(const EventBatch& other) {
  for (const SlabPtr& slab : other.slabs_) slabs_.push_back(slab);
}

void EventBatch::add_held(const Span& span) {
  events_ += span.events;
  bytes_ += span.size;
  if (!spans_.empty() && spans_.back().data + spans_.back().size == span.data) {
    spans_.back().size += span.size;
    spans_.back().events += span.events;
    return;
  }
  spans_.emplace_back(span);
}

void EventBatch::add_held(std::span<const Span> spans) {
  if (spans.empty()) return;
  add_held(spans.front());
  spans = spans.subspan(1);
  spans_.insert(spans_.end(), spans.begin(), spans.end());
  for (const Span& span : spans) {
    events_ += span.events;
    bytes_ += span.size;
  }
}

}  // namespace logboom
