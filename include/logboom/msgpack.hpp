#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <logboom/out_buffer.hpp>

/// Views of msgpack bytes, and a writer. Format: https://github.com/msgpack/msgpack/blob/master/spec.md
///
/// Nothing here allocates for what is read, and nothing trusts a length before the bytes behind it are there.
namespace logboom::msgpack {

enum class Scan : std::uint8_t { complete, incomplete, malformed };

enum class Type : std::uint8_t { nil, boolean, integer, floating, string, binary, array, map, extension, invalid };

/// The type that an object's first byte announces.
Type type_of(std::uint8_t first) noexcept;

/// What a first byte says of an object's layout: `size` bytes that are all there is of it (children apart), or a length
/// field of `length_bytes` behind it.
struct Head {
  enum class Kind : std::uint8_t { fixed, sized, counted_array, counted_map, extension, invalid };
  Kind kind;
  std::uint8_t size;          // whole object, for `fixed`; bytes before the payload, otherwise
  std::uint8_t children;      // for fixarray and fixmap
  std::uint8_t length_bytes;  // for all but `fixed`
};

namespace detail {
struct HeadTable {
  Head heads[256];
  constexpr HeadTable();
};
}  // namespace detail

/// Resumable skip over msgpack objects: each byte is looked at once, however the input is cut.
///
/// Extension types other than EventTime (type 0, eight bytes; forward protocol v1.5) and the reserved byte c1 are
/// malformed. Nesting needs no stack, so that no depth is too deep.
class Skipper {
 public:
  void start(std::uint64_t objects = 1) noexcept {
    pending_ = objects;
    raw_ = 0;
  }
  bool idle() const noexcept { return pending_ == 0 && raw_ == 0; }

  /// Moves `p` over what is there. After `incomplete`, call again with `p` at the same byte and more behind it; at most
  /// eight bytes (an object's header that is not whole) are left between `p` and `end`.
  Scan advance(const std::uint8_t*& p, const std::uint8_t* end) noexcept;

 private:
  std::uint64_t pending_ = 0;
  std::uint64_t raw_ = 0;
};

/// The end of the one object that starts at `p`, or null where it is malformed or not whole.
const std::uint8_t* skip(const std::uint8_t* p, const std::uint8_t* end) noexcept;

/// A view of one whole, well-formed object. Valid as long as the bytes that it views.
class Value {
 public:
  Value() = default;
  Value(const std::uint8_t* begin, const std::uint8_t* end) noexcept : begin_(begin), end_(end) {}

  const std::uint8_t* begin() const noexcept { return begin_; }
  const std::uint8_t* end() const noexcept { return end_; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
  explicit operator bool() const noexcept { return begin_ != nullptr; }

  Type type() const noexcept { return type_of(*begin_); }
  bool is_text() const noexcept { return type() == Type::string || type() == Type::binary; }
  /// The bytes of a string or binary; empty for any other type.
  std::string_view text() const noexcept;
  /// The number of an integer; false for any other type, or where it does not fit.
  bool to_int(std::int64_t& out) const noexcept;
  bool to_uint(std::uint64_t& out) const noexcept;
  bool to_double(double& out) const noexcept;
  bool truthy() const noexcept { return *begin_ != 0xc0 && *begin_ != 0xc2; }
  /// Elements of an array, pairs of a map; 0 for any other type.
  std::uint32_t count() const noexcept;
  /// The first element or key of an array or map.
  const std::uint8_t* children() const noexcept;

 private:
  const std::uint8_t* begin_ = nullptr;
  const std::uint8_t* end_ = nullptr;
};

/// Appends msgpack to a buffer, each object in its shortest form. The caller keeps counts honest.
class Writer {
 public:
  explicit Writer(OutBuffer& out) noexcept : out_(out) {}

  void nil() { out_.append(static_cast<char>(0xc0)); }
  void boolean(bool value) { out_.append(static_cast<char>(value ? 0xc3 : 0xc2)); }
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void floating(double value);
  void string(std::string_view text);
  void binary(std::string_view bytes);
  /// What stands before `size` bytes of binary; they follow.
  void binary_head(std::uint32_t size);
  void array(std::uint32_t count);
  void map(std::uint32_t count);
  /// EventTime: extension type 0, seconds and nanoseconds.
  void event_time(std::uint32_t sec, std::uint32_t nsec);
  void raw(const std::uint8_t* data, std::size_t size) { out_.append(data, size); }
  void value(const Value& v) { raw(v.begin(), v.size()); }

 private:
  void head(std::uint8_t first, std::uint64_t number, unsigned bytes);
  OutBuffer& out_;
};

inline std::uint64_t load_be(const std::uint8_t* p, unsigned bytes) noexcept {
  switch (bytes) {
    case 1: return *p;
    case 2: return static_cast<std::uint64_t>(p[0]) << 8 | p[1];
    case 4: {
      std::uint32_t v = 0;
      std::memcpy(&v, p, 4);
      return __builtin_bswap32(v);
    }
    default: {
      std::uint64_t v = 0;
      std::memcpy(&v, p, 8);
      return __builtin_bswap64(v);
    }
  }
}

namespace detail {

constexpr HeadTable::HeadTable() : heads{} {
  using Kind = Head::Kind;
  for (unsigned b = 0; b < 256; ++b) heads[b] = {Kind::fixed, 1, 0, 0};
  for (unsigned b = 0x80; b < 0x90; ++b) heads[b].children = static_cast<std::uint8_t>(2 * (b - 0x80));
  for (unsigned b = 0x90; b < 0xa0; ++b) heads[b].children = static_cast<std::uint8_t>(b - 0x90);
  for (unsigned b = 0xa0; b < 0xc0; ++b) heads[b].size = static_cast<std::uint8_t>(1 + b - 0xa0);
  heads[0xc1] = {Kind::invalid, 1, 0, 0};
  for (unsigned i = 0; i < 3; ++i) {
    const auto bytes = static_cast<std::uint8_t>(1u << i);
    const auto size = static_cast<std::uint8_t>(1 + bytes);
    heads[0xc4 + i] = heads[0xd9 + i] = {Kind::sized, size, 0, bytes};
    heads[0xc7 + i] = {Kind::extension, static_cast<std::uint8_t>(size + 1), 0, bytes};
  }
  heads[0xca].size = 5;
  heads[0xcb].size = 9;
  for (unsigned i = 0; i < 4; ++i)
    heads[0xcc + i].size = heads[0xd0 + i].size = static_cast<std::uint8_t>(1 + (1u << i));
  for (unsigned b = 0xd4; b < 0xd9; ++b) heads[b] = {Kind::extension, 2, 0, 0};
  for (unsigned i = 0; i < 2; ++i) {
    const auto bytes = static_cast<std::uint8_t>(2u << i);
    heads[0xdc + i] = {Kind::counted_array, static_cast<std::uint8_t>(1 + bytes), 0, bytes};
    heads[0xde + i] = {Kind::counted_map, static_cast<std::uint8_t>(1 + bytes), 0, bytes};
  }
}

inline constexpr HeadTable head_table{};

}  // namespace detail

inline Scan Skipper::advance(const std::uint8_t*& p, const std::uint8_t* end) noexcept {
  const std::uint8_t* at = p;
  std::uint64_t pending = pending_;
  std::uint64_t payload = raw_;
  raw_ = 0;
  for (;;) {
    if (payload > static_cast<std::uint64_t>(end - at)) {
      raw_ = payload - static_cast<std::uint64_t>(end - at);
      at = end;
      break;
    }
    at += payload;
    if (pending == 0 || at == end) break;
    // What is looked at next was received just now and is not in the nearest cache yet.
    __builtin_prefetch(at + 512);
    const std::uint8_t first = *at;
    if ((first & 0xe0) == 0xa0) {
      payload = 1U + (first & 0x1fU);
      --pending;
      continue;
    }
    if (first == 0xd9 && end - at >= 2) {
      payload = 2U + at[1];
      --pending;
      continue;
    }
    const Head head = detail::head_table.heads[first];
    if (head.kind == Head::Kind::fixed) {
      payload = head.size;
      pending += head.children;
      --pending;
      continue;
    }
    if (head.kind == Head::Kind::invalid) return Scan::malformed;
    if (end - at < head.size) break;
    const std::uint64_t number = head.length_bytes != 0 ? load_be(at + 1, head.length_bytes) : 0;
    payload = head.size;
    if (head.kind == Head::Kind::sized) {
      payload += number;
    } else if (head.kind == Head::Kind::extension) {
      const std::uint64_t size = head.length_bytes != 0 ? number : std::uint64_t{1} << (*at - 0xd4);
      if (size != 8 || at[head.size - 1] != 0) return Scan::malformed;
      payload += size;
    } else {
      pending += head.kind == Head::Kind::counted_map ? 2 * number : number;
    }
    --pending;
  }
  p = at;
  pending_ = pending;
  return pending == 0 && raw_ == 0 ? Scan::complete : Scan::incomplete;
}

inline const std::uint8_t* skip(const std::uint8_t* p, const std::uint8_t* end) noexcept {
  Skipper skipper;
  skipper.start();
  return skipper.advance(p, end) == Scan::complete ? p : nullptr;
}

}  // namespace logboom::msgpack
