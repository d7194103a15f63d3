#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include <logboom/out_buffer.hpp>

namespace logboom::json {

/// Writes into the free room of an OutBuffer through a bare pointer, and tells the buffer now and then.
class Sink {
 public:
  Sink(OutBuffer& out, std::size_t expected) : out_(out) { take(expected); }
  ~Sink() { flush(); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Makes room for `count` bytes behind `at`.
  void need(std::size_t count) {
    if (static_cast<std::size_t>(limit_ - at) >= count) return;
    flush();
    take(count + count / 4);
  }
  void put(char c) {
    need(1);
    *at++ = c;
  }
  void put(std::string_view text) {
    need(text.size());
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  }

  std::size_t size() const noexcept { return out_.size() + static_cast<std::size_t>(at - start_); }
  /// Makes the bytes from `from` to the end a string's content: `"` and `\` get a backslash.
  void escape_from(std::size_t from);

  char* at = nullptr;

 private:
  void take(std::size_t count) {
    start_ = at = out_.reserve(count);
    limit_ = at + count;
  }
  void flush() noexcept {
    out_.commit(static_cast<std::size_t>(at - start_));
    start_ = at;
  }

  OutBuffer& out_;
  char* start_ = nullptr;
  char* limit_ = nullptr;
};

}  // namespace logboom::json
