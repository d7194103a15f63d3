#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <logboom/msgpack.hpp>
#include <logboom/out_buffer.hpp>

/// JSON text (RFC 8259) into msgpack bytes, and where one text ends in a stream of them.
namespace logboom {

/// How many arrays and objects may be open at once.
inline constexpr std::size_t json_max_depth = 1024;

struct JsonError {
  std::size_t offset = 0;  ///< the byte where the text stops being right, or its size where no place is to blame
  std::string message;
};

/// Threads: one at a time. Keeps its memory from text to text.
class JsonReader {
 public:
  JsonReader();
  JsonReader(JsonReader&&) noexcept;
  JsonReader& operator=(JsonReader&&) noexcept;
  ~JsonReader();

  /// Appends one text as one msgpack object. Integers are exact up to 64 bits and doubles beyond, other numbers
  /// doubles; strings are UTF-8; keys stay in order, duplicates included. False where the text is not right; `out` is
  /// then as it was.
  bool read(std::string_view text, OutBuffer& out, JsonError& error);
  /// The same for one value, or for arrays and objects that stand one after the other: as many msgpack objects.
  bool read_all(std::string_view text, OutBuffer& out, JsonError& error);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Finds the end of each array or object in a stream where they stand one after the other, with or without white space
/// between them. Each byte is looked at once, however the stream is cut. What is between the brackets is not checked
/// beyond strings and nesting: that is JsonReader's part.
class JsonFramer {
 public:
  struct Frame {
    msgpack::Scan scan;
    std::size_t used;  ///< bytes looked at: all for `incomplete`; for `complete` up to the closing bracket, for
                       ///< `malformed` up to the byte that can't be there
  };

  /// After `incomplete`, go on with the bytes behind those used; after `complete`, the next value begins there.
  /// Malformed: a value that is neither array nor object, or more than json_max_depth levels. Call `reset` then.
  Frame advance(const char* data, std::size_t size) noexcept;
  void reset() noexcept { *this = JsonFramer(); }
  /// True between values: nothing but white space was seen.
  bool idle() const noexcept { return depth_ == 0; }

 private:
  std::uint32_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace logboom
