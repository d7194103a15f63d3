#include "entry.hpp"

namespace logboom::in_forward {

namespace {

bool is_map(std::uint8_t first) noexcept { return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf; }

/// Bytes of the header of an array of exactly two elements; 0 where it is none.
std::size_t pair_header(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  if (*p == 0x92) return 1;
  if (*p == 0xdc && end - p >= 3 && msgpack::load_be(p + 1, 2) == 2) return 3;
  if (*p == 0xdd && end - p >= 5 && msgpack::load_be(p + 1, 4) == 2) return 5;
  return 0;
}

}  // namespace

EntryView view_time_and_record(const std::uint8_t* time, const std::uint8_t* end) noexcept {
  EntryView view;
  view.shape = Shape::bad_time;
  const std::uint8_t* p = time;
  if (p == end) return view;
  bool rewrite = false;
  if (msgpack::type_of(*p) == msgpack::Type::array) {
    const std::size_t header = pair_header(p, end);
    const std::uint8_t* after = msgpack::skip(p, end);
    if (header == 0 || after == nullptr) return view;
    const std::uint8_t* inner = p + header;
    if (!read_time(inner, after, view.time)) return view;
    p = after;
    rewrite = true;
  } else if (!read_time(p, end, view.time)) {
    return view;
  }
  view.now = view.time.sec == 0;
  if (p == end || !is_map(*p)) {
    view.shape = Shape::bad_record;
    return view;
  }
  view.record = p;
  view.shape = rewrite || view.now ? Shape::rewrite : Shape::good;
  return view;
}

EntryView view_entry(const std::uint8_t* begin, const std::uint8_t* end) noexcept {
  const std::size_t header = pair_header(begin, end);
  return header == 0 ? EntryView{} : view_time_and_record(begin + header, end);
}

}  // namespace logboom::in_forward
