#pragma once

#include <logboom/config_element.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::config {

/// The text of one configuration file, and the way from an offset to a line and a column.
class Source {
 public:
  /// Takes a UTF-8 byte order mark away. Throws ConfigError on UTF-16.
  Source(std::string text, std::string file_name);

  std::string_view text() const noexcept { return text_; }
  SourcePos position(std::size_t offset) const;

 private:
  std::shared_ptr<const std::string> name_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

/// A place in a Source that moves forward. Does not own the source.
class Cursor {
 public:
  explicit Cursor(const Source& source) noexcept : source_(&source), text_(source.text()) {}

  bool at_end() const noexcept { return offset_ >= text_.size(); }
  std::size_t offset() const noexcept { return offset_; }
  void move_to(std::size_t offset) noexcept { offset_ = offset; }
  void advance(std::size_t count = 1) noexcept { offset_ += count; }

  /// The character `ahead` of here, or NUL behind the end (a NUL in the text looks the same: see at_end()).
  char peek(std::size_t ahead = 0) const noexcept {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  bool looking_at(std::string_view prefix) const noexcept {
    return !at_end() && text_.substr(offset_, prefix.size()) == prefix;
  }
  bool skip(std::string_view prefix) noexcept;

  std::string_view slice(std::size_t from, std::size_t to) const noexcept { return text_.substr(from, to - from); }

  bool at_newline() const noexcept { return !at_end() && (peek() == '\n' || peek() == '\r'); }
  bool at_blank() const noexcept { return !at_end() && (peek() == ' ' || peek() == '\t'); }

  /// Moves over one line break (LF, CR LF or CR).
  void skip_newline() noexcept;
  void skip_blanks() noexcept;
  /// Moves to the end of the line.
  void skip_rest_of_line() noexcept;
  /// Moves over blanks, line breaks and comments.
  void skip_spacing() noexcept;
  /// Moves over blanks and a comment up to and including the line break. False, and not moved, when something else
  /// stands there.
  bool skip_line_end() noexcept;

  SourcePos position() const { return source_->position(offset_); }
  SourcePos position(std::size_t offset) const { return source_->position(offset); }

  [[noreturn]] void fail(std::string message) const { fail_at(offset_, std::move(message)); }
  [[noreturn]] void fail_at(std::size_t offset, std::string message) const;

 private:
  const Source* source_;
  std::string_view text_;
  std::size_t offset_ = 0;
};

/// Text from a configuration as a message shows it: in single quotes, controls replaced, cut when long.
std::string in_quotes(std::string_view text);

/// "line 3, column 5", for a second place in a message about the same file.
std::string line_and_column(const SourcePos& pos);

}  // namespace logboom::config
