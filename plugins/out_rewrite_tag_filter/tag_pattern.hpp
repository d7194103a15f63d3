#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/regexp.hpp>

namespace logboom::plugins::rewrite {

/// What the placeholders of one batch's tag stand for. `tag` is without the part that is to be removed.
struct TagValues {
  explicit TagValues(std::string_view text);
  std::string_view tag;
  std::vector<std::string_view> parts;
};

/// The `tag` of a rule: text, `${tag}`, `${tag_parts[n]}`, `${hostname}` – each also as `__TAG__` and so on – and `$1`
/// for what the pattern's first group matched. What has been put in is never expanded again.
///
/// Immutable: may be shared by threads.
class TagPattern {
 public:
  /// Without `groups`, `$1` is text like any other.
  TagPattern(std::string_view text, std::string hostname, bool groups = true);

  void expand(const TagValues& values, const MatchRegion& groups, bool capitalize, std::string& out) const;

  bool uses_groups() const noexcept { return uses_groups_; }
  bool uses_hostname() const noexcept { return uses_hostname_; }
  /// Placeholders that are none; they give nothing.
  const std::vector<std::string>& unknown() const noexcept { return unknown_; }

 private:
  enum class Kind : std::uint8_t { text, tag, tag_part, group };
  struct Piece {
    Kind kind;
    std::size_t number;  // of the part or group
    std::string text;
  };
  bool read_placeholder(std::string_view& left);
  bool read_name(std::string_view name, std::string_view written);
  void add(Kind kind, std::size_t number = 0) { pieces_.push_back({kind, number, {}}); }
  void add_text(std::string_view text);

  std::string hostname_;
  bool groups_;
  std::vector<Piece> pieces_;
  std::vector<std::string> unknown_;
  bool uses_groups_ = false;
  bool uses_hostname_ = false;
};

}  // namespace logboom::plugins::rewrite
