#include <logboom/json.hpp>

#include <charconv>
#include <cmath>
#include <vector>

#include "base/json_string.hpp"

namespace logboom {
namespace {

using json::Sink;
using msgpack::Value;

enum class Level : std::uint8_t { array, map, key };

struct Open {
  std::uint32_t left;  // elements or pairs still to be written
  Level level;
};

/// The open arrays and maps.
class Nesting {
 public:
  bool empty() const noexcept { return depth_ == 0; }
  Open& top() noexcept { return depth_ <= inline_size ? inline_[depth_ - 1] : deep_.back(); }
  void push(Open open) {
    if (depth_ < inline_size) {
      inline_[depth_] = open;
    } else {
      deep_.push_back(open);
    }
    ++depth_;
  }
  void pop() noexcept {
    if (depth_ > inline_size) deep_.pop_back();
    --depth_;
  }

 private:
  static constexpr std::size_t inline_size = 32;
  Open inline_[inline_size];
  std::size_t depth_ = 0;
  std::vector<Open> deep_;
};

void put_unsigned(Sink& sink, std::uint64_t value) {
  sink.need(20);
  sink.at = std::to_chars(sink.at, sink.at + 20, value).ptr;
}

void put_integer(Sink& sink, const Value& value) {
  std::int64_t number = 0;
  if (!value.to_int(number)) return put_unsigned(sink, msgpack::load_be(value.begin() + 1, 8));
  sink.need(20);
  sink.at = std::to_chars(sink.at, sink.at + 20, number).ptr;
}

/// Ruby's form: plain up to 16 digits before the point and three zeros after it, else with an exponent of two digits.
void put_float(Sink& sink, double value) {
  if (!std::isfinite(value)) return sink.put("null");
  char text[40];
  const char* end = std::to_chars(text, text + sizeof text, std::abs(value), std::chars_format::scientific).ptr;
  const char* e = end;
  while (*--e != 'e') {
  }
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
  char digits[24];
  std::size_t count = 0;
  for (const char* p = text; p != e; ++p) {
    if (*p != '.') digits[count++] = *p;
  }
  if (std::signbit(value)) sink.put('-');
  const std::string_view all(digits, count);
  if (exponent < -4 || exponent > 15) {
    sink.put(all[0]);
    sink.put('.');
    sink.put(count > 1 ? all.substr(1) : "0");
    sink.put(exponent < 0 ? "e-" : "e+");
    if (std::abs(exponent) < 10) sink.put('0');
    put_unsigned(sink, static_cast<std::uint64_t>(std::abs(exponent)));
  } else if (exponent < 0) {
    sink.put(std::string_view("0.0000").substr(0, static_cast<std::size_t>(1 - exponent)));
    sink.put(all);
  } else {
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    sink.put(all.substr(0, std::min(whole, count)));
    for (std::size_t i = count; i < whole; ++i) sink.put('0');
    sink.put('.');
    sink.put(count > whole ? all.substr(whole) : "0");
  }
}

void put_event_time(Sink& sink, const Value& value) {
  if (value.size() < 10) return sink.put("null");
  const std::uint64_t nsec = msgpack::load_be(value.end() - 4, 4);
  put_unsigned(sink, msgpack::load_be(value.end() - 8, 4) + nsec / 1'000'000'000);
  char digits[11];
  std::to_chars(digits, digits + sizeof digits, 1'000'000'000 + nsec % 1'000'000'000);
  digits[0] = '.';
  sink.put({digits, 10});
}

void put_scalar(Sink& sink, const Value& value) {
  switch (value.type()) {
    case msgpack::Type::boolean: return sink.put(value.truthy() ? "true" : "false");
    case msgpack::Type::integer: return put_integer(sink, value);
    case msgpack::Type::floating: {
      double number = 0;
      value.to_double(number);
      return put_float(sink, number);
    }
    case msgpack::Type::extension: return put_event_time(sink, value);
    default: return sink.put("null");
  }
}

/// The text of the string or binary at `p`, which is moved behind it; false where there is none.
bool take_text(const std::uint8_t*& p, std::string_view& text) noexcept {
  std::size_t size = 0;
  const std::uint8_t* data = nullptr;
  if ((*p & 0xe0) == 0xa0) {
    size = *p & 0x1fu;
    data = p + 1;
  } else if ((*p >= 0xd9 && *p <= 0xdb) || (*p >= 0xc4 && *p <= 0xc6)) {
    const unsigned bytes = msgpack::detail::head_table.heads[*p].length_bytes;
    size = static_cast<std::size_t>(msgpack::load_be(p + 1, bytes));
    data = p + 1 + bytes;
  } else {
    return false;
  }
  text = {reinterpret_cast<const char*>(data), size};
  p = data + size;
  return true;
}

bool is_container(std::uint8_t first) noexcept { return (first & 0xe0) == 0x80 || (first >= 0xdc && first <= 0xdf); }

class Printer {
 public:
  Printer(OutBuffer& out, const Value& value, const JsonOptions& options)
      : sink_(out, value.size() + value.size() / 4 + 64),
        invalid_(options.invalid_utf8),
        at_(value.begin()),
        end_(value.end()) {}

  void run() {
    do {
      value();
    } while (next());
  }

 private:
  void value() {
    std::string_view text;
    if (take_text(at_, text)) return json::put_string<json::Scan::vector>(sink_, text, invalid_);
    if (is_container(*at_)) return open();
    put_scalar(sink_, take_scalar());
  }

  Value take_scalar() noexcept {
    const std::uint8_t* begin = at_;
    at_ = msgpack::skip(at_, end_);
    return {begin, at_};
  }

  void open() {
    const Value container(at_, end_);
    const bool map = container.type() == msgpack::Type::map;
    sink_.put(map ? '{' : '[');
    nesting_.push({container.count(), map ? Level::map : Level::array});
    at_ = container.children();
    fresh_ = true;
  }

  /// Goes to the next value to print, closing what is full on the way; false at the end.
  bool next() {
    while (!nesting_.empty()) {
      Open& top = nesting_.top();
      if (top.level == Level::key) {
        nesting_.pop();
        close_key();
        return true;
      }
      if (top.left == 0) {
        sink_.put(top.level == Level::map ? '}' : ']');
        nesting_.pop();
        fresh_ = false;
        continue;
      }
      --top.left;
      if (!fresh_) sink_.put(',');
      fresh_ = false;
      if (top.level == Level::map) key();
      return true;
    }
    return false;
  }

  /// Prints a key and its colon, or opens it where it is an array or a map: next() then comes back when it is done.
  void key() {
    std::string_view text;
    if (take_text(at_, text)) {
      json::put_string<json::Scan::vector>(sink_, text, invalid_);
    } else if (is_container(*at_)) {
      if (open_keys_++ == 0) {
        sink_.put('"');
        key_start_ = sink_.size();
      }
      nesting_.push({0, Level::key});
      return;
    } else {
      const Value scalar = take_scalar();
      sink_.put('"');
      if (scalar.type() != msgpack::Type::nil) put_scalar(sink_, scalar);
      sink_.put('"');
    }
    sink_.put(':');
  }

  void close_key() {
    if (--open_keys_ == 0) {
      sink_.escape_from(key_start_);
      sink_.put('"');
    }
    sink_.put(':');
  }

  Sink sink_;
  InvalidUtf8 invalid_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool fresh_ = false;  // an array or a map was opened and has nothing in it yet
  Nesting nesting_;
  std::size_t open_keys_ = 0;  // arrays and maps that are keys, one within the other
  std::size_t key_start_ = 0;
};

}  // namespace

void json::Sink::escape_from(std::size_t from) {
  flush();
  const std::string_view text = out_.text().substr(from);
  std::size_t extra = 0;
  for (const char c : text) extra += c == '"' || c == '\\';
  const std::size_t size = text.size();
  take(extra);
  const char* source = start_;
  char* target = start_ + extra;
  for (std::size_t i = 0; i < size && source != target; ++i) {
    *--target = *--source;
    if (*source == '"' || *source == '\\') *--target = '\\';
  }
  at = start_ + extra;
}

void append_json(OutBuffer& out, const Value& value, const JsonOptions& options) { Printer(out, value, options).run(); }

void append_json_string(OutBuffer& out, std::string_view text, const JsonOptions& options) {
  Sink sink(out, text.size() + 32);
  json::put_string<json::Scan::vector>(sink, text, options.invalid_utf8);
}

void append_json_number(OutBuffer& out, double value) {
  Sink sink(out, 32);
  put_float(sink, value);
}

}  // namespace logboom
