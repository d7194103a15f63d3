#pragma once

#include <span>
#include <string_view>

namespace logboom::grok {

struct Pattern {
  std::string_view name;
  std::string_view text;  // a regular expression that may name other patterns: %{NAME}, %{NAME:field}
};

/// The patterns that are there without a custom_pattern_path. Names and fields are those that Logstash documents.
std::span<const Pattern> patterns() noexcept;

}  // namespace logboom::grok
