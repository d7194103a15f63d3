#include "cli/moments.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <ctime>

#include <logboom/config_element.hpp>

#include "cli/options.hpp"

namespace logboom {

std::int64_t now_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

std::int64_t moment_of(const std::string& text, const std::string& option) {
  for (const char* format :
       {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm local{};
    local.tm_isdst = -1;
    const char* const end = ::strptime(text.c_str(), format, &local);
    if (end != nullptr && *end == '\0') return static_cast<std::int64_t>(std::mktime(&local)) * 1000;
  }
  constexpr std::int64_t last_second = 253402300799;  // of the year 9999
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 0 && seconds <= last_second)
    return seconds * 1000;
  const bool is_age = end != text.data() && end + 1 == text.data() + text.size() && seconds >= 0;
  if (is_age) {
    constexpr std::array<std::pair<char, std::int64_t>, 4> units{{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
    const auto unit =
        std::find_if(units.begin(), units.end(), [sign = *end](const auto& each) { return each.first == sign; });
    if (unit != units.end() && seconds <= last_second / unit->second) return now_ms() - seconds * unit->second * 1000;
  }
  throw CliError(option + ": expected an age such as 30m, 2h or 7d, or a time such as '2026-11-25 07:00', but found '" +
                 text + "'");
}

std::string local_time_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  const std::string fraction = std::to_string(1000 + ms % 1000);
  return std::string(text.data()) + "." + fraction.substr(1);
}

std::string count_text(std::int64_t n) {
  std::string digits = std::to_string(n < 0 ? -n : n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return n < 0 ? "-" + digits : digits;
}

}  // namespace logboom
