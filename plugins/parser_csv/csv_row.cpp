#include "csv_row.hpp"

#include <algorithm>

namespace logboom::plugins {

void CsvRow::start(std::string_view text) {
  rest_ = text;
  unescaped_.clear();
  done_ = false;
}

CsvRow::Column CsvRow::next() {
  if (done_) return Column::empty;
  return rest_.starts_with('"') ? quoted() : plain();
}

CsvRow::Column CsvRow::fail(std::string_view problem) noexcept {
  problem_ = problem;
  done_ = true;
  return Column::malformed;
}

void CsvRow::end_column() noexcept {
  if (rest_.starts_with(delimiter_)) {
    rest_.remove_prefix(delimiter_.size());
  } else {
    done_ = true;
  }
}

CsvRow::Column CsvRow::quoted() {
  bool doubled = false;
  std::size_t at = 1;
  for (;; at += 2) {
    at = rest_.find('"', at);
    if (at == std::string_view::npos) return fail("a quote is not closed");
    if (at + 1 >= rest_.size() || rest_[at + 1] != '"') break;
    doubled = true;
  }
  column_ = kept(rest_.substr(1, at - 1), doubled);
  rest_.remove_prefix(at + 1);
  if (!at_row_end() && !rest_.starts_with(delimiter_)) return fail("something stands behind a closing quote");
  end_column();
  return Column::text;
}

CsvRow::Column CsvRow::plain() {
  std::size_t at = 0;
  const char first = delimiter_[0];
  for (; at < rest_.size(); ++at) {
    const char c = rest_[at];
    if (c == '"') return fail("a quote stands within a column");
    if (c == '\n' || c == '\r') break;
    if (c == first && rest_.substr(at).starts_with(delimiter_)) break;
  }
  column_ = rest_.substr(0, at);
  rest_.remove_prefix(at);
  end_column();
  return column_.empty() ? Column::empty : Column::text;
}

std::string_view CsvRow::kept(std::string_view text, bool doubled) {
  if (!doubled) return text;
  if (unescaped_.empty()) unescaped_.reserve(text.size() + rest_.size());
  const std::size_t begin = unescaped_.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    unescaped_ += text[i];
    if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') ++i;
  }
  return std::string_view(unescaped_).substr(begin);
}

void CsvRow::start_fast(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  start(text);
  done_ = text.empty();
}

/// What is before the next delimiter, which is passed over.
std::string_view CsvRow::cut() noexcept {
  const std::size_t at = rest_.find(delimiter_);
  const std::string_view piece = rest_.substr(0, at);
  done_ = at == std::string_view::npos;
  rest_.remove_prefix(done_ ? rest_.size() : at + delimiter_.size());
  return piece;
}

CsvRow::Column CsvRow::next_fast() {
  if (done_) return Column::empty;
  const char* const begin = rest_.data();
  std::string_view piece = cut();
  const auto quotes = std::count(piece.begin(), piece.end(), '"');
  if (quotes == 1 && piece.starts_with('"')) {
    bool closed = false;
    while (!done_ && !closed) closed = cut().ends_with('"');
    const char* const end = done_ ? rest_.data() : rest_.data() - delimiter_.size();
    piece = {begin, static_cast<std::size_t>(end - begin)};
    column_ = piece.size() < 2 ? std::string_view() : piece.substr(1, piece.size() - 2);
    return Column::text;
  }
  if (quotes >= 2 && piece.starts_with('"') && piece.ends_with('"')) piece = piece.substr(1, piece.size() - 2);
  column_ = kept(piece, quotes > 2);
  return quotes == 0 && column_.empty() ? Column::empty : Column::text;
}

}  // namespace logboom::plugins
