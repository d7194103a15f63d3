#include "config/source.hpp"

#include <algorithm>
#include <utility>

namespace logboom::config {
namespace {

constexpr std::size_t max_shown = 60;

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::vector<std::size_t> find_line_starts(std::string_view text) {
  std::vector<std::size_t> starts{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool lone_cr = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if (text[i] == '\n' || lone_cr) starts.push_back(i + 1);
  }
  return starts;
}

}  // namespace

Source::Source(std::string text, std::string file_name)
    : name_(std::make_shared<const std::string>(std::move(file_name))), text_(std::move(text)) {
  if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF")) {
    throw ConfigError({name_, 1, 1}, "the file is in UTF-16; save it as UTF-8");
  }
  if (text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  line_starts_ = find_line_starts(text_);
}

SourcePos Source::position(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const std::size_t line = static_cast<std::size_t>(next - line_starts_.begin());
  unsigned column = 1;
  for (std::size_t i = line_starts_[line - 1]; i < offset; ++i) {
    if (!is_continuation_byte(text_[i])) ++column;
  }
  return {name_, static_cast<unsigned>(line), column};
}

bool Cursor::skip(std::string_view prefix) noexcept {
  if (!looking_at(prefix)) return false;
  advance(prefix.size());
  return true;
}

void Cursor::skip_newline() noexcept {
  if (!skip("\r\n") && at_newline()) advance();
}

void Cursor::skip_blanks() noexcept {
  while (at_blank()) advance();
}

void Cursor::skip_rest_of_line() noexcept {
  while (!at_end() && !at_newline()) advance();
}

void Cursor::skip_spacing() noexcept {
  while (!at_end()) {
    if (at_blank() || at_newline()) {
      advance();
    } else if (peek() == '#') {
      skip_rest_of_line();
    } else {
      return;
    }
  }
}

bool Cursor::skip_line_end() noexcept {
  const std::size_t start = offset_;
  skip_blanks();
  if (!at_end() && peek() == '#') skip_rest_of_line();
  if (!at_end() && !at_newline()) {
    offset_ = start;
    return false;
  }
  skip_newline();
  return true;
}

void Cursor::fail_at(std::size_t offset, std::string message) const {
  throw ConfigError(position(offset), std::move(message));
}

std::string in_quotes(std::string_view text) {
  std::size_t length = std::min(text.size(), max_shown);
  while (length > 0 && length < text.size() && is_continuation_byte(text[length])) --length;
  std::string out = "'";
  for (const char c : text.substr(0, length)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  if (length < text.size()) out += "…";
  return out + "'";
}

std::string line_and_column(const SourcePos& pos) {
  return "line " + std::to_string(pos.line) + ", column " + std::to_string(pos.column);
}

}  // namespace logboom::config
