#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <logboom/metrics.hpp>
#include <logboom/msgpack.hpp>
#include <logboom/out_buffer.hpp>
#include <logboom/regexp.hpp>

#include "scanners.hpp"

namespace logboom::plugins::redact {

/// One thing to look for. Threads: any.
struct Pattern {
  std::string name;
  std::variant<Kind, Regexp> what;
  Counter matches;
};

/// Writes what stands in the place of a match.
using Substitute = std::function<void(const Pattern&, std::string_view match, std::string& out)>;

/// Finds the patterns in texts and in all texts of any msgpack value, keys of maps excepted. Of matches that overlap
/// the one that begins first is taken, or else the one whose pattern comes first.
///
/// Threads: one at a time.
class Redactor {
 public:
  /// Both live longer than this.
  Redactor(const std::vector<std::unique_ptr<Pattern>>& patterns, const Substitute& substitute);

  enum class Result : std::uint8_t {
    clean,     // nothing was found
    redacted,  // `out` got the changed value
    gave_up,   // a regular expression took too long, or matched too often: nothing is known
  };
  /// Appends the changed value to `out` where something was found.
  Result redact(const msgpack::Value& value, OutBuffer& out);

 private:
  Result redact_text(std::string_view text);
  bool find(std::size_t pattern, std::string_view text, std::size_t from);

  const std::vector<std::unique_ptr<Pattern>>& patterns_;
  const Substitute& substitute_;
  std::vector<Found> next_;  // of each pattern: its next match, none where it has no more
  unsigned searches_ = 0;
  MatchRegion region_;
  std::string text_;
};

}  // namespace logboom::plugins::redact
