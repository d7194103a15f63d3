#pragma once

#include <optional>
#include <string_view>

namespace logboom {

/// One line of an access log of Apache or nginx, in the common or combined format. Views into the line.
struct AccessLine {
  std::string_view remote, host, user;  ///< the first three words
  std::string_view time;                ///< without its brackets
  std::string_view method;
  std::optional<std::string_view> path;
  std::string_view code, size;
  std::optional<std::string_view> referer, agent;
  std::optional<std::string_view> forwarded_for;
};

/// Whose line it is. Apache writes a quote within quotes as `\"`; nginx may have another word behind the agent.
enum class AccessServer : bool { apache, nginx };

/// Takes a line apart, without a regular expression, where there is no doubt how Fluentd's regular expression for this
/// server takes it apart: the result is then the same. False for all other lines, be they right or wrong; the regular
/// expression decides those.
bool scan_access_line(std::string_view line, AccessServer server, AccessLine& out) noexcept;

}  // namespace logboom
