#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/event.hpp>

namespace logboom {

/// A path to a value inside a record, in Fluentd's syntax:
///   key                      a top-level key, whatever characters it has
///   $.a.b[0]                 keys with dots between them, places in arrays in brackets (negative: from the end)
///   $['a']['b.c'][0]         keys in brackets and quotes, single or double; may be mixed with dots: $.a['b.c'].d
/// Reference: https://docs.fluentd.org/plugin-helper-overview/api-plugin-helper-record_accessor
///
/// Immutable: may be shared by threads.
class RecordAccessor {
 public:
  /// A key of a map, or a place in an array.
  struct Step {
    std::string key;
    std::int64_t index = 0;
    bool is_index = false;
  };

  /// Throws std::invalid_argument where the text is no accessor: it says what is wrong and where.
  static RecordAccessor compile(std::string_view text);

  /// The value at the path; empty where there is none. Of duplicate keys the last one counts. Allocates nothing.
  msgpack::Value find(const Record& record) const noexcept { return find(record.value()); }
  /// The same from any value on; empty where a map or array is missing on the way.
  msgpack::Value find(msgpack::Value from) const noexcept;

  /// At least one; the first is a key.
  const std::vector<Step>& steps() const noexcept { return steps_; }
  /// True for a path of one key.
  bool is_top_level() const noexcept { return steps_.size() == 1; }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace logboom
