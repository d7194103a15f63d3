#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/ascii.hpp>
#include <logboom/out_buffer.hpp>
#include <logboom/regexp.hpp>

/// Texts as Ruby counts them: in UTF-8 characters, a byte that is not part of one being a character too.
namespace logboom::expression {

void append_utf8(std::string& out, std::uint32_t code);

/// Bytes of the character at the start of a text that is not empty; `valid` says whether it is one.
std::size_t character_size(std::string_view text, bool& valid) noexcept;
std::size_t character_count(std::string_view text) noexcept;
bool is_ascii(std::string_view text) noexcept;
/// The byte at which character `index` begins; the text's size where it has fewer.
std::size_t byte_of(std::string_view text, std::size_t index) noexcept;
/// The code point of a valid character.
std::uint32_t decode(std::string_view character) noexcept;

/// `flags`: bit 0 ignores case, bit 1 lets `.` match line ends, bit 2 is the extended form. Bounded more tightly than
/// Regexp is by itself, because an expression may search often. Throws std::invalid_argument.
Regexp compile_regexp(std::string_view pattern, unsigned flags);

enum class Case : std::uint8_t { upper, lower, swap };
/// ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic letters; others stay.
void append_case(OutBuffer& out, std::string_view text, Case how);

/// Ruby's white space for strip: blank, tab, line ends, form feed, vertical tab and NUL.

/// The set of characters that `tr`, `delete`, `count` and `squeeze` take: `a-z`, `^a-z`, escapes.
class CharacterSet {
 public:
  explicit CharacterSet(std::string_view spec, bool may_negate = true);
  bool has(std::uint32_t code) const noexcept { return (place(code) >= 0) != negated_; }
  bool negated() const noexcept { return negated_; }
  /// Where in the spec the character stands, ranges spelled out; -1 where it does not.
  std::int64_t place(std::uint32_t code) const noexcept;
  /// The character at a place; the last one where there are fewer. False where the set is empty.
  bool at(std::int64_t place, std::uint32_t& code) const noexcept;

 private:
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  std::vector<Range> ranges_;
  bool negated_ = false;
};

}  // namespace logboom::expression
