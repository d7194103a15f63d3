#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <logboom/little_endian.hpp>

/// What a session writes down for the one that goes on with its connection in another process: numbers and texts, one
/// behind the other. Both sides are logboom, perhaps of two versions: begin with a number that says which form it is.
namespace logboom {

class StateWriter {
 public:
  void put(std::uint64_t number) {
    std::uint8_t bytes[sizeof number];
    LittleEndianWriter(bytes).put(number);
    out_.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
  }
  void put(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    out_.append(text);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Reads them in the same order. What is not there is 0 and "", and `ok` is false from then on.
class StateReader {
 public:
  /// The text outlives the reader and what it returns.
  explicit StateReader(std::string_view in) noexcept : in_(in) {}

  std::uint64_t number() noexcept {
    if (!has(sizeof(std::uint64_t))) return 0;
    const auto out = LittleEndianReader(reinterpret_cast<const std::uint8_t*>(in_.data())).get<std::uint64_t>();
    in_.remove_prefix(sizeof out);
    return out;
  }
  std::string_view text() noexcept {
    const std::uint64_t size = number();
    if (!has(size)) return {};
    const std::string_view out = in_.substr(0, static_cast<std::size_t>(size));
    in_.remove_prefix(out.size());
    return out;
  }
  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return in_.empty(); }

 private:
  bool has(std::uint64_t size) noexcept {
    ok_ = ok_ && size <= in_.size();
    if (!ok_) in_ = {};
    return ok_;
  }

  std::string_view in_;
  bool ok_ = true;
};

}  // namespace logboom
