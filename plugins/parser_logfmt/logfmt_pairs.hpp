#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logboom::plugins {

/// Takes a logfmt line (https://brandur.org/logfmt) apart: `a=b c="d e" f`. Every text is one somehow.
class LogfmtPairs {
 public:
  enum class Kind : std::uint8_t {
    flag,     // `key`, without a value
    nothing,  // `key=`
    text,
    integer,
    number,
  };
  struct Pair {
    std::string_view key;
    Kind kind = Kind::flag;
    std::string_view text;
    std::int64_t integer = 0;
    double number = 0;
  };

  void start(std::string_view line);
  /// False at the end.
  bool next();
  /// The last one. Its views are valid until the next start, while the line is.
  const Pair& pair() const noexcept { return pair_; }

 private:
  void read_value();
  void read_quoted();
  void read_word();

  std::string_view rest_;
  Pair pair_;
  std::string unescaped_;  // never grows beyond its capacity within a line
};

}  // namespace logboom::plugins
