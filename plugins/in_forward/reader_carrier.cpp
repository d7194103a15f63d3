// The part of the reader that deals with messages that carry many entries: Forward and PackedForward.
#include <algorithm>

#include "reader.hpp"

namespace logboom::in_forward {

namespace {

using msgpack::Scan;
using msgpack::Type;
using msgpack::Value;

/// Bytes before the record of an entry that starts as most do: an array of two and an EventTime or 32-bit integer that
/// is not 0, then a map. 0 where it doesn't, or where too little is there to tell.
inline std::size_t plain_prefix(const std::uint8_t* p, const std::uint8_t* end) {
  if (end - p < 12 || p[0] != 0x92) return 0;
  const bool event_time = p[1] == 0xd7 && p[2] == 0;
  if (!event_time && p[1] != 0xd2 && p[1] != 0xce) return 0;
  const std::size_t prefix = event_time ? 11 : 6;
  if (msgpack::load_be(p + prefix - (event_time ? 8 : 4), 4) == 0) return 0;
  return (p[prefix] & 0xf0) == 0x80 || p[prefix] == 0xde ? prefix : 0;
}

bool is_gzip(const std::uint8_t* p, std::size_t size) { return size >= 2 && p[0] == 0x1f && p[1] == 0x8b; }
bool is_zstd(const std::uint8_t* p, std::size_t size) {
  return size >= 4 && p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd;
}

}  // namespace

/// The tag is known and what follows carries entries: from here on each entry is a unit of its own.
bool Reader::begin_carrier(std::uint8_t*& p, const std::uint8_t* end) {
  const std::uint8_t* at = p + scan_;
  const msgpack::Head head = msgpack::detail::head_table.heads[*at];
  const bool array = msgpack::type_of(*at) == Type::array;
  const std::size_t header = head.kind == msgpack::Head::Kind::fixed ? 1 : head.size;
  if (static_cast<std::size_t>(end - at) < header) return false;
  const Value tag(p + offsets_[0], p + offsets_[1]);
  tag_valid_ = !discard_ && tag.is_text();
  collector_.flush();
  if (tag_valid_) collector_.begin(tag.text());
  opaque_ = false;
  if (array) {
    mode_ = MessageEnd::Mode::forward;
    step_ = Step::forward;
    entries_left_ = Value(at, end).count();
  } else {
    mode_ = MessageEnd::Mode::packed;
    payload_left_ = header == 1 ? *at & 0x1fU : msgpack::load_be(at + 1, head.length_bytes);
    payload_size_ = payload_left_;
    step_ = payload_left_ >= 2 ? Step::sniff : Step::packed;
    discard_ = discard_ || payload_left_ > limit_;
  }
  message_bytes_ += scan_ + header;
  p += scan_ + header;
  scan_ = 0;
  return true;
}

/// Compressed or not is said behind the payload; its first bytes tell already, as no entry begins like that.
bool Reader::sniff(const std::uint8_t* p, const std::uint8_t* end) {
  const auto available =
      static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(end - p), payload_left_));
  if (available == 0) return false;
  const bool perhaps = *p == 0x1f || *p == 0x28;
  if (perhaps && available < std::min<std::uint64_t>(4, payload_left_)) return false;
  opaque_ = is_gzip(p, available) || is_zstd(p, available);
  step_ = opaque_ ? Step::opaque : Step::packed;
  return true;
}

/// Many entries at once, as long as they are as most senders write them and whole. Leaves the first other one to
/// `entry`, with what was already looked at. Returns how many there were.
std::uint32_t Reader::plain_entries(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end,
                                    std::uint64_t at_most) {
  if (!fresh_ || discard_ || !tag_valid_ || !collector_.keeps_entries()) return 0;
  const std::uint8_t* begin = p;
  const std::uint8_t* last = begin;
  std::uint32_t count = 0;
  std::size_t looked = 0;
  while (count < at_most) {
    const std::size_t prefix = plain_prefix(last, end);
    if (prefix == 0) break;
    const std::uint8_t* at = last + prefix;
    skipper_.start();
    const Scan scan = skipper_.advance(at, end);
    if (scan == Scan::incomplete) looked = static_cast<std::size_t>(at - last);
    if (scan != Scan::complete || message_bytes_ + static_cast<std::size_t>(at - begin) > limit_) break;
    last = at;
    ++count;
  }
  if (count != 0) {
    collector_.add_run(slab, begin, last, count);
    done_with(p, static_cast<std::size_t>(last - begin));
  }
  fresh_ = looked == 0;
  scan_ = looked;
  return count;
}

bool Reader::entry(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end, bool& whole) {
  const std::uint8_t* at = p + scan_;
  if (fresh_) skipper_.start();
  fresh_ = false;
  const Scan scan = skipper_.advance(at, end);
  if (scan == Scan::malformed) return broken(Trouble::malformed);
  whole = scan == Scan::complete;
  scan_ = static_cast<std::size_t>(at - p);
  if (!whole) return true;
  check_size();
  if (discard_) {
    drops_.too_large.add();
  } else if (!tag_valid_) {
    collector_.drop(drops_.invalid_tag);
  } else {
    collector_.add_entry(slab, p, at);
  }
  done_with(p, scan_);
  fresh_ = true;
  return true;
}

bool Reader::packed(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end) {
  while (payload_left_ != 0) {
    const std::uint64_t here = std::min<std::uint64_t>(static_cast<std::uint64_t>(end - p), payload_left_);
    if (here == 0) return false;
    const std::uint8_t* before = p;
    const std::uint8_t* payload_end = p + here;
    plain_entries(slab, p, payload_end, here);
    bool whole = p == payload_end;
    if (!whole && !entry(slab, p, payload_end, whole)) return false;
    if (!whole && here == payload_left_) {
      drops_.truncated_entry.add();
      scan_ = static_cast<std::size_t>(payload_end - p);
      done_with(p, scan_);
    } else if (!whole) {
      check_size();
      if (discard_) done_with(p, scan_);
    }
    payload_left_ -= static_cast<std::uint64_t>(p - before);
    if (!whole && payload_left_ != 0) return false;
  }
  begin_option();
  return true;
}

bool Reader::opaque(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end) {
  const auto here =
      static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(end - p), payload_left_));
  if (!discard_ && here != 0) {
    Bytes piece(slab, p, here);
    payload_.push_back(here < share_from ? piece.copy() : std::move(piece));
  }
  p += here;
  message_bytes_ += here;
  payload_left_ -= here;
  if (payload_left_ != 0) return false;
  begin_option();
  return true;
}

bool Reader::forward(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end) {
  while (entries_left_ != 0) {
    entries_left_ -= plain_entries(slab, p, end, entries_left_);
    if (entries_left_ == 0) break;
    bool whole = false;
    if (!entry(slab, p, end, whole)) return false;
    if (whole) {
      --entries_left_;
      continue;
    }
    check_size();
    if (discard_) done_with(p, scan_);
    return false;
  }
  begin_option();
  return true;
}

void Reader::begin_option() {
  step_ = Step::option;
  element_ = 2;
  offsets_[2] = 0;
  scan_ = 0;
  fresh_ = true;
}

/// Only PackedForward can be compressed; elsewhere the option means nothing.
bool Reader::finish_carrier(const MessageOption& option) {
  if (mode_ == MessageEnd::Mode::forward) return true;
  const bool named = option.compressed == "gzip" || option.compressed == "zstd";
  const bool plain = !named && !option.compressed_other && (option.compressed.empty() || option.compressed == "text");
  if (!named && !plain) return broken(Trouble::compression);
  if (!opaque_) return !named || discard_ || payload_size_ == 0 || broken(Trouble::compression);
  std::vector<Bytes> payload = std::exchange(payload_, {});
  if (discard_) {
    drops_.too_large.add();
    return true;
  }
  if (!tag_valid_) {
    collector_.drop(drops_.invalid_tag);
    return true;
  }
  return owner_.decompress(option, payload) || broken(Trouble::compression);
}

}  // namespace logboom::in_forward
