#include "base/timeparse_steps.hpp"

#include <logboom/ascii.hpp>

namespace logboom::timeparse {
namespace {

bool is_ascii_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Puts a text together from dates, times, names and zones in any order.
class Guess {
 public:
  Guess(std::string_view text, Parts& parts) noexcept
      : in_{text.data(), text.data() + text.size()}, text_(text.data()), parts_(parts) {}

  bool run() noexcept {
    for (in_.skip_space(); !in_.done(); skip_separators()) {
      const bool read = is_digit(*in_.at) ? number() : is_ascii_letter(*in_.at) ? word() : sign();
      if (!read) return false;
    }
    const bool date = parts_.day != Parts::none || parts_.month != Parts::none;
    return date || parts_.hour != Parts::none;
  }

 private:
  void skip_separators() noexcept {
    in_.skip_space();
    while (in_.take(',')) in_.skip_space();
  }
  std::size_t digits_ahead() const noexcept {
    const char* p = in_.at;
    while (p != in_.end && is_digit(*p)) ++p;
    return static_cast<std::size_t>(p - in_.at);
  }
  bool ahead_is(std::size_t count, char c) const noexcept {
    return static_cast<std::size_t>(in_.end - in_.at) > count && in_.at[count] == c;
  }
  static bool set(std::int64_t& field, std::int64_t value) noexcept {
    if (field != Parts::none) return false;
    field = value;
    return true;
  }
  /// Digits that must not be set twice.
  bool take(unsigned most, std::int64_t& field) noexcept {
    std::int64_t value = 0;
    return in_.digits(most, value) && set(field, value);
  }

  bool number() noexcept {
    const std::size_t count = digits_ahead();
    if (count <= 2 && ahead_is(count, ':')) return clock();
    if (count == 4 && (ahead_is(4, '-') || ahead_is(4, '/'))) return year_first(in_.at[4]);
    if (count <= 2 && (ahead_is(count, '/') || ahead_is(count, '-'))) return day_first(in_.at[count]);
    if (count == 8 || count == 12 || count == 14) return compact(count);
    if (count == 6 && parts_.day != Parts::none) return compact_clock(true);
    if (count == 4 && parts_.year == Parts::none) return take(4, parts_.year);
    return count <= 2 && take(2, parts_.day);
  }

  bool clock() noexcept {  // 22:13[:20[.5]] [pm]
    std::int64_t hour = 0;
    in_.digits(2, hour);
    ++in_.at;
    if (!take(2, parts_.minute)) return false;
    if (ahead_is(0, ':')) {
      ++in_.at;
      if (!take(2, parts_.second)) return false;
      if (in_.end - in_.at >= 2 && (*in_.at == '.' || *in_.at == ',') && is_digit(in_.at[1])) {
        ++in_.at;
        if (!fraction()) return false;
      }
    }
    Scanner half = in_;
    half.skip_space();
    const bool am = half.take('a') || half.take('A');
    const bool pm = !am && (half.take('p') || half.take('P'));
    if ((am || pm) && (half.take('m') || half.take('M'))) {
      in_ = half;
      return hour <= 12 && set(parts_.hour, hour % 12 + (pm ? 12 : 0));
    }
    return set(parts_.hour, hour);
  }

  bool fraction() noexcept {
    parts_.fraction_begin = static_cast<std::size_t>(in_.at - text_);
    if (!in_.fraction(0, parts_.nsec)) return false;
    parts_.fraction_end = static_cast<std::size_t>(in_.at - text_);
    return true;
  }

  bool year_first(char separator) noexcept {  // 2023-11-14, 2023/11/14
    if (!take(4, parts_.year)) return false;
    ++in_.at;
    if (!take(2, parts_.month) || !in_.take(separator) || !take(2, parts_.day)) return false;
    after_date();
    return true;
  }

  bool day_first(char separator) noexcept {  // 14/Nov/2023, 14-Nov-2023
    if (!take(2, parts_.day)) return false;
    ++in_.at;
    std::int64_t month = 0;
    if (!in_.month_name(month) || !set(parts_.month, month + 1)) return false;
    if (!in_.take(separator)) return true;
    if (!take(4, parts_.year)) return false;
    after_date();
    return true;
  }

  /// What may stand between a date and a time that follows without a blank.
  void after_date() noexcept {
    if (in_.end - in_.at < 2 || !is_digit(in_.at[1])) return;
    if (*in_.at == 'T' || *in_.at == 't' || *in_.at == ':' || *in_.at == '_') ++in_.at;
  }

  bool compact(std::size_t count) noexcept {  // 20231114, 20231114T221320, 202311142213, 20231114221320
    if (!take(4, parts_.year) || !take(2, parts_.month) || !take(2, parts_.day)) return false;
    if (count > 8) return compact_clock(count == 14);
    after_date();
    return true;
  }
  bool compact_clock(bool seconds) noexcept {
    if (!take(2, parts_.hour) || !take(2, parts_.minute) || (seconds && !take(2, parts_.second))) return false;
    if (in_.end - in_.at < 2 || *in_.at != '.' || !is_digit(in_.at[1])) return true;
    ++in_.at;
    return fraction();
  }

  bool word() noexcept {
    std::int64_t index = 0;
    if (Scanner name = in_; name.month_name(index) && at_word_end(name)) {
      in_ = name;
      in_.take('.');
      return set(parts_.month, index + 1);
    }
    if (Scanner name = in_; name.weekday_name(index) && at_word_end(name)) {
      in_ = name;
      in_.take('.');
      return true;
    }
    return parts_.hour != Parts::none && in_.zone(parts_.offset) && (in_.done() || !is_ascii_letter(*in_.at));
  }
  static bool at_word_end(const Scanner& in) noexcept { return in.done() || !is_ascii_letter(*in.at); }

  bool sign() noexcept {
    return (*in_.at == '+' || *in_.at == '-') && parts_.hour != Parts::none && in_.zone(parts_.offset);
  }

  Scanner in_;
  const char* text_;
  Parts& parts_;
};

}  // namespace

bool guess(std::string_view text, Parts& parts) noexcept { return Guess(text, parts).run(); }

}  // namespace logboom::timeparse
