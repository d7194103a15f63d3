#include "reader.hpp"

namespace logboom::in_forward {

namespace {

using msgpack::Scan;
using msgpack::Type;
using msgpack::Value;

}  // namespace

MessageOption read_option(const Value& option) {
  MessageOption result;
  if (option.type() != Type::map) return result;
  const Record map(option);
  result.chunk = map.find("chunk");
  if (result.chunk && result.chunk.type() == Type::nil) result.chunk = Value();
  if (const Value compressed = map.find("compressed"); compressed && compressed.type() != Type::nil) {
    result.compressed = compressed.text();
    result.compressed_other = !compressed.is_text();
  }
  return result;
}

std::size_t Reader::read(const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
  std::uint8_t* p = data;
  const std::uint8_t* end = data + size;
  while (step(slab, p, end)) {
  }
  if (in_carrier()) {
    collector_.rest(slab);
  } else {
    collector_.end_run();
  }
  return static_cast<std::size_t>(p - data);
}

/// One unit; false where more bytes are needed, or none are wanted.
bool Reader::step(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end) {
  switch (step_) {
    case Step::message: return single(slab, p, end);
    case Step::option: return elements(slab, p, end);
    case Step::packed: return packed(slab, p, end);
    case Step::forward: return forward(slab, p, end);
    case Step::opaque: return opaque(slab, p, end);
    case Step::sniff: return sniff(p, end);
    case Step::junk: return junk(p, end);
  }
  return false;
}

bool Reader::single(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end) {
  if (!in_message_) {
    while (fast_message(slab, p, end)) {
    }
    if (stopped_) return false;
    if (!in_message_ && !head(p, end)) return false;
    if (!in_message_) return true;
  }
  return elements(slab, p, end);
}

/// Docker's and most loggers' messages: `[tag, time, record, {}]` with an integer or EventTime. Whatever is not quite
/// that is left to the general way, with what was already looked at.
bool Reader::fast_message(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end) {
  const auto available = static_cast<std::size_t>(end - p);
  if (available < 16 || (p[0] != 0x94 && p[0] != 0x93)) return false;
  std::size_t tag_at = 2;
  std::size_t tag_size = p[1] & 0x1fU;
  if ((p[1] & 0xe0U) != 0xa0) {
    if (p[1] != 0xd9) return false;
    tag_at = 3;
    tag_size = p[2];
  }
  const std::size_t time_at = tag_at + tag_size;
  if (available < time_at + 11) return false;
  const std::uint8_t* time = p + time_at;
  const bool event_time = time[0] == 0xd7 && time[1] == 0;
  if (!event_time && time[0] != 0xd2 && time[0] != 0xce) return false;
  if (msgpack::load_be(time + (event_time ? 2 : 1), 4) == 0) return false;
  const std::size_t record_at = time_at + (event_time ? 10 : 5);
  const std::uint8_t* at = p + record_at;
  if ((*at & 0xf0) != 0x80 && *at != 0xde) return false;

  skipper_.start();
  const Scan scan = skipper_.advance(at, end);
  const std::size_t looked = static_cast<std::size_t>(at - p);
  const bool has_option = p[0] == 0x94;
  if (scan == Scan::complete && (!has_option || (at != end && *at == 0x80)) && looked < limit_) {
    const std::size_t size = looked + (has_option ? 1 : 0);
    collector_.begin({reinterpret_cast<const char*>(p + tag_at), tag_size});
    collector_.add_message(slab, p + time_at, at);
    p += size;
    stopped_ = !owner_.message_end({MessageEnd::Mode::message, {}, size, false});
    return !stopped_;
  }
  if (scan == Scan::malformed) return false;
  in_message_ = true;
  mode_ = MessageEnd::Mode::message;
  count_ = p[0] & 0x0fU;
  element_ = scan == Scan::complete ? 3 : 2;
  fresh_ = scan == Scan::complete;
  offsets_[0] = 1;
  offsets_[1] = time_at;
  offsets_[2] = record_at;
  offsets_[3] = looked;
  scan_ = looked;
  return false;
}

/// The beginning of a top-level object. False: more bytes are needed.
bool Reader::head(std::uint8_t*& p, const std::uint8_t* end) {
  if (p == end) return false;
  const msgpack::Head head = msgpack::detail::head_table.heads[*p];
  if (*p == 0xc0) {
    ++p;
    return true;
  }
  if (msgpack::type_of(*p) != Type::array) {
    junk_first_ = *p;
    step_ = Step::junk;
    skipper_.start();
    return true;
  }
  if (end - p < head.size) return false;
  count_ = Value(p, end).count();
  mode_ = MessageEnd::Mode::message;
  in_message_ = true;
  fresh_ = true;
  element_ = 0;
  scan_ = offsets_[0] = head.size;
  return true;
}

bool Reader::junk(std::uint8_t*& p, const std::uint8_t* end) {
  const std::uint8_t* at = p;
  const Scan scan = skipper_.advance(at, end);
  if (scan == Scan::malformed) return broken(Trouble::malformed);
  p += at - p;
  if (scan == Scan::incomplete) return false;
  step_ = Step::message;
  owner_.not_a_message(junk_first_);
  return true;
}

bool Reader::elements(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end) {
  while (element_ < count_) {
    const std::uint8_t* at = p + scan_;
    if (at == end) return let_go(p);
    if (fresh_) {
      if (element_ == 1 && step_ == Step::message) {
        const Type type = msgpack::type_of(*at);
        if (type == Type::string || type == Type::binary || type == Type::array) return begin_carrier(p, end);
      }
      skipper_.start();
      fresh_ = false;
    }
    const Scan scan = skipper_.advance(at, end);
    if (scan == Scan::malformed) return broken(Trouble::malformed);
    scan_ = static_cast<std::size_t>(at - p);
    if (scan == Scan::incomplete) return let_go(p);
    fresh_ = true;
    ++element_;
    if (element_ <= 4) offsets_[element_] = scan_;
  }
  return finish(slab, p);
}

/// More bytes are needed. Of a message that is too large only the option is kept meanwhile, up to the same limit.
bool Reader::let_go(std::uint8_t*& p) {
  check_size();
  if (!discard_) return false;
  const bool before_option = element_ < option_index();
  option_lost_ = option_lost_ || (!before_option && scan_ - offsets_[option_index()] > limit_);
  const std::size_t over = before_option || option_lost_ ? scan_ : offsets_[option_index()];
  for (std::size_t& offset : offsets_) offset -= std::min(offset, over);
  done_with(p, over);
  return false;
}

/// The first bytes of the unit are needed no longer.
void Reader::done_with(std::uint8_t*& p, std::size_t size) {
  p += size;
  message_bytes_ += size;
  scan_ -= size;
}

/// A message beyond the limit is looked through to its end, so that it can be answered, but kept no longer.
void Reader::check_size() {
  if (discard_ || message_bytes_ + scan_ <= limit_) return;
  discard_ = true;
  payload_.clear();
  if (step_ == Step::message) {
    collector_.flush();
  } else {
    drops_.too_large.add(collector_.abandon());
  }
}

bool Reader::finish(const SlabPtr& slab, std::uint8_t*& p) {
  check_size();
  MessageOption option;
  if (count_ > option_index() && !option_lost_ && scan_ - offsets_[option_index()] <= limit_) {
    option = read_option(Value(p + offsets_[option_index()], p + offsets_[option_index() + 1]));
  }
  if (mode_ == MessageEnd::Mode::message) {
    finish_single(slab, p);
  } else if (!finish_carrier(option)) {
    return false;
  }
  const MessageEnd message{mode_, option, message_bytes_ + scan_, discard_};
  p += scan_;
  stopped_ = !owner_.message_end(message);
  reset();
  return !stopped_;
}

void Reader::finish_single(const SlabPtr& slab, std::uint8_t* p) {
  if (discard_) return drops_.too_large.add();
  if (count_ < 3) return collector_.drop(drops_.invalid_message);
  const Value tag(p + offsets_[0], p + offsets_[1]);
  if (!tag.is_text()) return collector_.drop(drops_.invalid_tag);
  std::uint8_t* time = p + offsets_[1];
  const std::uint8_t* end = p + offsets_[3];
  const EntryView view = view_time_and_record(time, end);
  collector_.begin(tag.text());
  if (view.shape == Shape::good || view.shape == Shape::rewrite) time[-1] = 0x92;
  collector_.add_viewed(slab, view, time - 1, end);
}

bool Reader::broken(Trouble why) {
  trouble_ = why;
  if (step_ == Step::message || step_ == Step::junk) {
    collector_.flush();
  } else {
    collector_.abandon();
  }
  return false;
}

void Reader::reset() {
  step_ = Step::message;
  in_message_ = false;
  discard_ = false;
  option_lost_ = false;
  tag_valid_ = true;
  fresh_ = true;
  scan_ = 0;
  message_bytes_ = 0;
}

}  // namespace logboom::in_forward
