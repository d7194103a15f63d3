#pragma once

#include <logboom/time.hpp>
#include <logboom/timefmt.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logboom {

// A parameter with Fluentd's buffer placeholders, for instance a path:
//   ${tag}, ${tag[1]}, ${tag[-1]}   the tag or one of its dot-separated parts; empty if there is no such part
//   ${chunk_id}                     the chunk's id
//   ${key}, ${$.a.b}, ${$['a'][0]}  the value of a record field that is a chunk key (letters, digits and `-_.@$`, or
//                                   anything after `$.` or `$[`)
//   %Y, %m …                        the chunk's timekey, by the conversions of TimeFormatter
// Text that has been put in is never expanded again. Immutable: may be shared by threads.
class Template {
 public:
  // What a chunk offers. All views need to live only for the call.
  struct Values {
    std::optional<std::string_view> tag;  // without one the tag's placeholders stay as they are written
    std::optional<EventTime> timekey;     // without one strftime conversions, `%%` too, stay as they are written
    TimeZone zone = TimeZone::utc();      // of the timekey
    std::string_view chunk_id;
    // Value of a chunk key, named as inside the braces; nothing gives empty text. Without the function itself the
    // placeholders of keys stay as they are written.
    std::function<std::optional<std::string>(std::string_view key)> field;
  };

  // Throws std::invalid_argument for a strftime width that TimeFormatter refuses.
  static Template compile(std::string_view text);

  std::string expand(const Values& values) const;

  // As expand(), for a path in the file system. Gives nothing, and the reason in `error`, if what was put in holds a
  // NUL or starts with `/`, if it is part of a `..` component, or if it makes a relative path absolute. A `/` inside a
  // value is fine (image names), and so is a `..` that the template itself spells out.
  std::optional<std::string> expand_path(const Values& values, std::string& error) const;

  bool uses_tag() const;  // ${tag} or ${tag[i]}
  bool uses_chunk_id() const;
  bool uses_time() const { return time_unit_.has_value(); }
  // How often the text changes with time: 1 s, 60 s, 1 h, 24 h; 31 days for months and 366 days for years. A timekey
  // shorter than that would put several slices under one name.
  std::optional<std::chrono::seconds> time_unit() const { return time_unit_; }
  // Each key once, in the order of their first use.
  std::vector<std::string> field_keys() const;

  // The pieces that look like placeholders but are none, such as `${tag_parts[0]}`; they stay as they are written.
  const std::vector<std::string>& unknown_placeholders() const { return unknown_; }
  const std::string& text() const { return text_; }

 private:
  enum class Kind { literal, tag, tag_part, chunk_id, field };
  struct Piece {
    Kind kind;
    std::string text;  // a literal, a field's key
    long index = 0;    // of a tag's part
    std::string source{};
  };
  // Where in an expansion a value stands.
  struct Range {
    std::size_t begin;
    std::size_t end;
  };

  explicit Template(std::string_view text);
  static std::optional<Piece> parse_placeholder(std::string_view name);
  void add_literal(std::string_view text);
  std::optional<std::string> value_of(const Piece& piece, const Values& values) const;
  std::string expand(const Values& values, std::vector<Range>& values_at) const;
  bool uses(Kind kind) const;

  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<std::string> unknown_;
  std::optional<std::chrono::seconds> time_unit_;
};

}  // namespace logboom
