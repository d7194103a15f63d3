#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/parser.hpp>

namespace logboom::testing {

/// Parses a text for a fuzz target: aborts where the parser breaks its contract or hands over what is no well-formed
/// map. True where the text matched.
inline bool parses_well(Parser& parser, std::string_view text) {
  struct Sink final : ParsedSink {
    void record(const std::optional<EventTime>& time, const msgpack::Value& map) override {
      if (map.type() != msgpack::Type::map || msgpack::skip(map.begin(), map.end()) != map.end()) std::abort();
      if (time && time->nsec >= 1'000'000'000) std::abort();
      ++records;
    }
    std::size_t records = 0;
  } sink;
  // A copy of its own, so that AddressSanitizer sees a parser that looks beyond the end.
  const std::vector<char> bytes(text.begin(), text.end());
  std::string error;
  const bool matched = parser.parse({bytes.data(), bytes.size()}, sink, error);
  if (!matched && (sink.records != 0 || error.empty())) std::abort();
  return matched;
}

}  // namespace logboom::testing
