#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/config_element.hpp>
#include <logboom/regexp.hpp>

namespace logboom {

/// The place of the first occurrence of `needle`, which is not empty; npos where there is none.
std::size_t find_text(std::string_view text, std::string_view needle) noexcept;

/// Whether a regular expression matches a text, for those who want no groups. Gives what Regexp::search gives; an
/// expression that is nothing but texts (`error`, `^GET `, `\.png$`, `warn|error`) is looked for without a regexp
/// machine.
///
/// Immutable: may be shared by threads.
class TextPattern {
 public:
  /// Throws std::invalid_argument as Regexp::compile does.
  static TextPattern compile(const config_value::Regexp& pattern);

  SearchResult search(std::string_view subject, MatchRegion& region) const {
    return texts_.empty() ? regexp_.search(subject, region) : search_texts(subject);
  }
  /// True where no regexp machine is needed.
  bool is_plain() const noexcept { return !texts_.empty(); }
  const Regexp& regexp() const noexcept { return regexp_; }

 private:
  /// Where a text must begin or end: anywhere, at a line's bounds, or at the subject's.
  enum class At : std::uint8_t { anywhere, line, subject };
  struct Text {
    std::string text;
    At begin = At::anywhere;
    At end = At::anywhere;
  };

  explicit TextPattern(Regexp regexp) : regexp_(std::move(regexp)) {}
  static bool read_text(std::string_view pattern, Text& text);
  static std::vector<Text> read_texts(std::string_view pattern);
  static bool ends_well(const Text& text, std::string_view subject, std::size_t end) noexcept;
  static bool matches(const Text& text, std::string_view subject) noexcept;
  SearchResult search_texts(std::string_view subject) const noexcept;

  Regexp regexp_;
  std::vector<Text> texts_;  // one of them must match; none: the regexp decides
};

}  // namespace logboom
