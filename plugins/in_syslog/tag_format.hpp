#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace logboom::in_syslog {

/// Docker's tag template (`--log-opt tag=…`), turned round: which part of a tag is what.
///
/// Templates: https://docs.docker.com/engine/logging/log_tags/. An id is 12 or 64 hexadecimal digits, a container's
/// name has letters, digits, `_`, `.` and `-`, any other part may hold anything, so that
/// `{{.ImageName}}/{{.Name}}/{{.ID}}` is told apart wherever the image's registry, path and version have `/`, `:` and
/// `.`.
class TagFormat {
 public:
  struct Part {
    enum class Kind : std::uint8_t { literal, short_id, full_id, name, any };
    Kind kind;
    std::string text;  // a literal's characters, or the field's key
  };

  TagFormat() = default;
  /// Throws std::invalid_argument for what is no such template.
  explicit TagFormat(std::string_view format);

  bool empty() const noexcept { return parts_.empty(); }
  std::size_t fields() const noexcept { return fields_; }

  struct Field {
    std::string_view key;
    std::string_view value;
  };
  /// False where the tag is none of this format; `fields` is then undefined. It has room for `fields()`.
  bool split(std::string_view tag, Field* fields) const noexcept;

 private:
  void add_field(std::string_view expression);
  bool match(std::size_t part, std::string_view rest, Field* field, unsigned& steps) const noexcept;
  bool match_any(std::size_t part, std::string_view rest, Field* field, unsigned& steps) const noexcept;

  std::vector<Part> parts_;
  std::size_t fields_ = 0;
};

}  // namespace logboom::in_syslog
