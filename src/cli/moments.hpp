#pragma once

#include <cstdint>
#include <string>

namespace logboom {

/// What a command line says of a time, in milliseconds since 1970: `2h` ago, `2026-11-25 07:00:00` (local time; the
/// seconds may be missing, a T may be the space), or `1764054000` (seconds). Throws CliError, which names `option`.
std::int64_t moment_of(const std::string& text, const std::string& option);

/// Milliseconds since 1970 as local time.
std::string local_time_text(std::int64_t ms);

/// 1234567 as 1,234,567.
std::string count_text(std::int64_t n);

std::int64_t now_ms();

}  // namespace logboom
