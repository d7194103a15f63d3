#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logboom::plugins {

/// Takes one row of CSV apart, column by column.
class CsvRow {
 public:
  enum class Column : std::uint8_t { text, empty, malformed };

  explicit CsvRow(std::string delimiter) : delimiter_(std::move(delimiter)) {}

  /// By RFC 4180: a column may stand in quotes, a quote in it being doubled. The row ends at the first line end that
  /// is not in quotes. After `malformed`, nothing more can be read.
  void start(std::string_view text);
  Column next();

  /// As Fluentd's `fast` engine: the text is cut at delimiters, then quotes are looked at. Never malformed.
  void start_fast(std::string_view text);
  Column next_fast();

  /// No column is left. Further ones are empty.
  bool done() const noexcept { return done_; }
  /// The last column; valid until the next start, while the text is.
  std::string_view text() const noexcept { return column_; }
  std::string_view problem() const noexcept { return problem_; }

 private:
  Column quoted();
  Column plain();
  Column fail(std::string_view problem) noexcept;
  void end_column() noexcept;
  bool at_row_end() const noexcept { return rest_.empty() || rest_[0] == '\n' || rest_[0] == '\r'; }
  std::string_view cut() noexcept;
  std::string_view kept(std::string_view text, bool doubled);

  std::string delimiter_;
  std::string_view rest_;
  std::string_view column_;
  std::string_view problem_;
  std::string unescaped_;  // columns that had doubled quotes; never grows beyond its capacity within a row
  bool done_ = true;
};

}  // namespace logboom::plugins
