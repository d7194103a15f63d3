#include <logboom/msgpack.hpp>

#include <bit>
#include <limits>

namespace logboom::msgpack {

Type type_of(std::uint8_t first) noexcept {
  if (first < 0x80) return Type::integer;
  if (first < 0x90) return Type::map;
  if (first < 0xa0) return Type::array;
  if (first < 0xc0) return Type::string;
  if (first >= 0xe0) return Type::integer;
  switch (first) {
    case 0xc0: return Type::nil;
    case 0xc1: return Type::invalid;
    case 0xc2:
    case 0xc3: return Type::boolean;
    case 0xc4:
    case 0xc5:
    case 0xc6: return Type::binary;
    case 0xca:
    case 0xcb: return Type::floating;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: return Type::integer;
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: return Type::integer;
    case 0xd9:
    case 0xda:
    case 0xdb: return Type::string;
    case 0xdc:
    case 0xdd: return Type::array;
    case 0xde:
    case 0xdf: return Type::map;
    default: return Type::extension;
  }
}

std::string_view Value::text() const noexcept {
  if (!is_text()) return {};
  const std::size_t header = *begin_ < 0xc0 ? 1 : detail::head_table.heads[*begin_].size;
  return {reinterpret_cast<const char*>(begin_ + header), size() - header};
}

bool Value::to_int(std::int64_t& out) const noexcept {
  const std::uint8_t first = *begin_;
  if (first < 0x80) return out = first, true;
  if (first >= 0xe0) return out = static_cast<std::int8_t>(first), true;
  switch (first) {
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: {
      const std::uint64_t value = load_be(begin_ + 1, 1u << (first - 0xcc));
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return false;
      return out = static_cast<std::int64_t>(value), true;
    }
    case 0xd0: return out = static_cast<std::int8_t>(begin_[1]), true;
    case 0xd1: return out = static_cast<std::int16_t>(load_be(begin_ + 1, 2)), true;
    case 0xd2: return out = static_cast<std::int32_t>(load_be(begin_ + 1, 4)), true;
    case 0xd3: return out = static_cast<std::int64_t>(load_be(begin_ + 1, 8)), true;
    default: return false;
  }
}

bool Value::to_uint(std::uint64_t& out) const noexcept {
  if (*begin_ == 0xcf) return out = load_be(begin_ + 1, 8), true;
  std::int64_t value = 0;
  if (!to_int(value) || value < 0) return false;
  return out = static_cast<std::uint64_t>(value), true;
}

bool Value::to_double(double& out) const noexcept {
  if (*begin_ == 0xca) return out = std::bit_cast<float>(static_cast<std::uint32_t>(load_be(begin_ + 1, 4))), true;
  if (*begin_ == 0xcb) return out = std::bit_cast<double>(load_be(begin_ + 1, 8)), true;
  return false;
}

std::uint32_t Value::count() const noexcept {
  const std::uint8_t first = *begin_;
  if (first >= 0x80 && first < 0xa0) return first & 0x0f;
  if (first >= 0xdc && first <= 0xdf) {
    return static_cast<std::uint32_t>(load_be(begin_ + 1, (first & 1) == 0 ? 2 : 4));
  }
  return 0;
}

const std::uint8_t* Value::children() const noexcept { return begin_ + detail::head_table.heads[*begin_].size; }

void Writer::head(std::uint8_t first, std::uint64_t number, unsigned bytes) {
  char* at = out_.reserve(1 + bytes);
  *at++ = static_cast<char>(first);
  for (unsigned shift = bytes; shift-- > 0;) *at++ = static_cast<char>(number >> (8 * shift));
  out_.commit(1 + bytes);
}

void Writer::unsigned_integer(std::uint64_t value) {
  if (value < 0x80) {
    head(static_cast<std::uint8_t>(value), 0, 0);
  } else if (value <= 0xff) {
    head(0xcc, value, 1);
  } else if (value <= 0xffff) {
    head(0xcd, value, 2);
  } else if (value <= 0xffffffff) {
    head(0xce, value, 4);
  } else {
    head(0xcf, value, 8);
  }
}

void Writer::integer(std::int64_t value) {
  if (value >= 0) {
    unsigned_integer(static_cast<std::uint64_t>(value));
  } else if (value >= -32) {
    head(static_cast<std::uint8_t>(value), 0, 0);
  } else if (value >= std::numeric_limits<std::int8_t>::min()) {
    head(0xd0, static_cast<std::uint64_t>(value), 1);
  } else if (value >= std::numeric_limits<std::int16_t>::min()) {
    head(0xd1, static_cast<std::uint64_t>(value), 2);
  } else if (value >= std::numeric_limits<std::int32_t>::min()) {
    head(0xd2, static_cast<std::uint64_t>(value), 4);
  } else {
    head(0xd3, static_cast<std::uint64_t>(value), 8);
  }
}

void Writer::floating(double value) { head(0xcb, std::bit_cast<std::uint64_t>(value), 8); }

void Writer::string(std::string_view text) {
  if (text.size() < 32) {
    head(static_cast<std::uint8_t>(0xa0 | text.size()), 0, 0);
  } else if (text.size() <= 0xff) {
    head(0xd9, text.size(), 1);
  } else if (text.size() <= 0xffff) {
    head(0xda, text.size(), 2);
  } else {
    head(0xdb, text.size(), 4);
  }
  out_.append(text);
}

void Writer::binary_head(std::uint32_t size) {
  if (size <= 0xff) {
    head(0xc4, size, 1);
  } else if (size <= 0xffff) {
    head(0xc5, size, 2);
  } else {
    head(0xc6, size, 4);
  }
}

void Writer::binary(std::string_view bytes) {
  binary_head(static_cast<std::uint32_t>(bytes.size()));
  out_.append(bytes);
}

void Writer::array(std::uint32_t count) {
  if (count < 16) {
    head(static_cast<std::uint8_t>(0x90 | count), 0, 0);
  } else if (count <= 0xffff) {
    head(0xdc, count, 2);
  } else {
    head(0xdd, count, 4);
  }
}

void Writer::map(std::uint32_t count) {
  if (count < 16) {
    head(static_cast<std::uint8_t>(0x80 | count), 0, 0);
  } else if (count <= 0xffff) {
    head(0xde, count, 2);
  } else {
    head(0xdf, count, 4);
  }
}

void Writer::event_time(std::uint32_t sec, std::uint32_t nsec) {
  head(0xd7, 0, 1);
  head(static_cast<std::uint8_t>(sec >> 24), sec & 0xffffff, 3);
  head(static_cast<std::uint8_t>(nsec >> 24), nsec & 0xffffff, 3);
}

}  // namespace logboom::msgpack
