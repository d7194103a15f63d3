// The first line is a list of patterns, the rest a tag.

#include "route/pattern.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n') == std::string_view::npos ? size : input.find('\n');
  const std::string_view tag = input.substr(line < size ? line + 1 : size);
  try {
    const auto list = logboom::PatternList::compile(input.substr(0, line));
    const bool plain = tag.find('\n') == std::string_view::npos;
    if (!list.matches(tag) && list.matches_everything() && plain) std::abort();
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
