#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <logboom/msgpack.hpp>
#include <logboom/regexp.hpp>
#include <logboom/time.hpp>

namespace logboom::expression {

enum class Kind : std::uint8_t {
  nil,
  boolean,
  integer,
  floating,
  string,
  symbol,
  array,
  hash,
  time,
  regexp,
  range,
  match,
  type,   // a class, such as String
  other,  // what msgpack has and Ruby's core has not: integers of 64 bits without a sign, times as values
  error,  // nothing was made; the machine knows why
};
inline constexpr std::size_t kinds = 15;

struct Val;
struct MatchData;
struct Pair;

enum class Class : std::uint8_t {
  string,
  symbol,
  integer,
  floating,
  numeric,
  hash,
  array,
  nil,
  true_,
  false_,
  time,
  regexp,
  range,
  match,
  object
};

/// The zone of a time: the settings' one, UTC, or a fixed offset in seconds.
inline constexpr std::int32_t zone_local = 1 << 30;
inline constexpr std::int32_t zone_utc = zone_local + 1;

/// A value: a scalar, or a view of the record's bytes, the program's constants, or the arena.
struct Val {
  Kind kind = Kind::nil;
  bool packed = false;     // array and hash: `bytes`, of msgpack; else `items` or `pairs`
  bool binary = false;     // string: msgpack's bin
  bool exclusive = false;  // range: without its end; time: a DateTime
  std::int32_t zone = 0;   // time
  union {
    bool flag;
    std::int64_t integer = 0;
    double real;
    const char* chars;
    const std::uint8_t* bytes;
    const Val* items;  // array: `size` of them; range: begin and end
    const Pair* pairs;
    const Regexp* regexp;
    const MatchData* match;
  };
  std::size_t size = 0;  // time: nanoseconds

  static Val nil() noexcept { return {}; }
  static Val failed() noexcept { return of(Kind::error); }
  static Val of(Kind kind) noexcept {
    Val v;
    v.kind = kind;
    return v;
  }
  static Val of(bool flag) noexcept {
    Val v = of(Kind::boolean);
    v.flag = flag;
    return v;
  }
  static Val of(std::int64_t integer) noexcept {
    Val v = of(Kind::integer);
    v.integer = integer;
    return v;
  }
  static Val of(double real) noexcept {
    Val v = of(Kind::floating);
    v.real = real;
    return v;
  }
  static Val of(std::string_view text, Kind kind = Kind::string) noexcept {
    Val v = of(kind);
    v.chars = text.data();
    v.size = text.size();
    return v;
  }
  static Val of(std::span<const Val> items) noexcept {
    Val v = of(Kind::array);
    v.items = items.data();
    v.size = items.size();
    return v;
  }
  static Val of(std::span<const Pair> pairs) noexcept {
    Val v = of(Kind::hash);
    v.pairs = pairs.data();
    v.size = pairs.size();
    return v;
  }
  static Val of(const EventTime& time, std::int32_t zone) noexcept {
    Val v = of(Kind::time);
    v.zone = zone;
    v.integer = time.sec;
    v.size = time.nsec;
    return v;
  }
  static Val of(const Regexp* regexp) noexcept {
    Val v = of(Kind::regexp);
    v.regexp = regexp;
    return v;
  }
  static Val of(const MatchData* match) noexcept {
    Val v = of(Kind::match);
    v.match = match;
    return v;
  }
  static Val of(Class type) noexcept {
    Val v = of(Kind::type);
    v.integer = static_cast<std::int64_t>(type);
    return v;
  }
  static Val of(const msgpack::Value& value) noexcept;
  template <class T>
  static Val of(T) = delete;

  bool is_error() const noexcept { return kind == Kind::error; }
  bool is_nil() const noexcept { return kind == Kind::nil; }
  bool is_text() const noexcept { return kind == Kind::string || kind == Kind::symbol; }
  bool is_number() const noexcept { return kind == Kind::integer || kind == Kind::floating; }
  bool truthy() const noexcept { return kind != Kind::nil && (kind != Kind::boolean || flag); }
  std::string_view text() const noexcept { return {chars, size}; }
  double number() const noexcept { return kind == Kind::integer ? static_cast<double>(integer) : real; }
  EventTime time() const noexcept { return {integer, static_cast<std::uint32_t>(size)}; }
  msgpack::Value value() const noexcept { return {bytes, bytes + size}; }
};

struct Pair {
  Val key;
  Val value;
};

/// What a regexp matched. The groups are views of the subject.
struct MatchData {
  const Regexp* regexp;
  std::string_view subject;
  std::span<const Val> groups;  // strings or nil; the first is the whole match
  std::size_t begin;
};

/// Memory for what one evaluation makes. Nothing is freed before `clear`, and addresses don't change.
class Arena {
 public:
  void clear() noexcept {
    used_ = 0;
    block_ = 0;
    total_ = 0;
  }
  std::size_t total() const noexcept { return total_; }

  char* bytes(std::size_t size) { return static_cast<char*>(take(size, 1)); }
  /// Room for `count` objects that need no destructor.
  template <class T>
  std::span<T> make(std::size_t count) {
    T* at = static_cast<T*>(take(count * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < count; ++i) ::new (static_cast<void*>(at + i)) T();
    return {at, count};
  }
  std::string_view copy(std::string_view text) {
    char* at = bytes(text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }
  std::span<const Val> copy(const std::vector<Val>& values) {
    const std::span<Val> made = make<Val>(values.size());
    std::copy(values.begin(), values.end(), made.begin());
    return made;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> memory;
    std::size_t size;
  };
  void* take(std::size_t size, std::size_t alignment);

  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
  std::size_t total_ = 0;
};

}  // namespace logboom::expression
