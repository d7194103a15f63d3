#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/chunk.hpp>
#include <logboom/placeholder.hpp>
#include <logboom/timefmt.hpp>

namespace logboom {

/// A file's name before its number is known: the number stands between the parts. One part: the file has no number.
struct FileName {
  std::vector<std::string> parts;

  bool numbered() const noexcept { return parts.size() > 1; }
  /// The path with this number; the number counts only where the name has one.
  std::string path(unsigned number) const;
};

/// What a `path` parameter and what goes with it make of a tag and a time slice.
///
/// As Fluentd's out_file: a `*` in the path is replaced by the time slice; else the slice comes behind the path, unless
/// the path has all of the slice's conversions itself; `_0`, `_1` … and the suffixes follow.
/// Immutable; may be shared by threads.
class FileNames {
 public:
  struct Spec {
    std::string path;
    std::string path_suffix;         // empty: none
    std::string compression_suffix;  // empty: none
    std::string time_slice_format;   // empty: no slices
    bool numbered = false;
    TimeZone zone = TimeZone::utc();
  };

  /// Throws std::invalid_argument where the path and the slices don't fit.
  explicit FileNames(const Spec& spec);

  /// Nothing, and the reason in `error`, where the name would lead out of the directory or be too long. `slice` counts
  /// only where the names have slices. `fields`: of the chunk.
  std::optional<FileName> name(std::string_view tag, std::int64_t slice, std::string_view chunk_id, std::string& error,
                               const std::vector<Chunk::Field>& fields = {}) const;

  bool uses_tag() const noexcept { return uses_tag_; }
  bool uses_chunk_id() const noexcept { return uses_chunk_id_; }
  /// The record fields whose values are part of the names.
  const std::vector<std::string>& field_keys() const noexcept { return field_keys_; }
  /// Pieces of the path that look like placeholders and are none.
  const std::vector<std::string>& unknown_placeholders() const noexcept { return unknown_; }

 private:
  void compile(const std::string& text);

  std::vector<Template> parts_;
  bool sliced_;
  TimeZone zone_;
  bool uses_tag_ = false;
  bool uses_chunk_id_ = false;
  std::vector<std::string> field_keys_;
  std::vector<std::string> unknown_;
};

}  // namespace logboom
