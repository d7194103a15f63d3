#include "expander.hpp"

#include <algorithm>

#include <logboom/log.hpp>

#include "patterns.hpp"

namespace logboom::grok {
namespace {

constexpr std::size_t longest_regexp = std::size_t{1} << 20;

std::string_view take_part(std::string_view& text) noexcept {
  const std::size_t colon = text.find(':');
  const std::string_view part = text.substr(0, colon);
  text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  return part;
}

}  // namespace

struct Expander::Work {
  Expanded out;
  std::vector<std::string_view> open;  // the patterns that are being replaced, one within the other
};

Expander::Expander() {
  for (const Pattern& pattern : patterns()) patterns_.emplace(pattern.name, pattern.text);
}

void Expander::add(std::string_view text) {
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#' || line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const std::size_t blank = line.find_first_of(" \t");
    const std::size_t regexp = line.find_first_not_of(" \t", std::min(blank, line.size()));
    if (blank == 0 || regexp == std::string_view::npos) {
      throw std::invalid_argument(cat("line ", number, ": a pattern is a name, a blank and a regular expression"));
    }
    patterns_.insert_or_assign(std::string(line.substr(0, blank)), std::string(line.substr(regexp)));
  }
}

Expanded Expander::expand(std::string_view expression) const {
  Work work;
  expand(expression, "", work);
  return std::move(work.out);
}

void Expander::expand(std::string_view text, std::string_view within, Work& work) const {
  const auto where = [&](std::size_t at) {
    return within.empty() ? cat(" at character ", at + 1) : cat(" at character ", at + 1, " of the pattern ", within);
  };
  std::size_t at = 0;
  for (;;) {
    const std::size_t begin = text.find("%{", at);
    work.out.regexp.append(text.substr(at, begin == std::string_view::npos ? begin : begin - at));
    if (work.out.regexp.size() > longest_regexp) {
      throw std::invalid_argument("the patterns make a regular expression of more than 1 MiB");
    }
    if (begin == std::string_view::npos) return;
    const std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) throw std::invalid_argument(cat("%{ without }", where(begin)));
    put(text.substr(begin + 2, end - begin - 2), where(begin), work);
    at = end + 1;
  }
}

/// Puts what `NAME:field:type` stands for.
void Expander::put(std::string_view reference, std::string_view where, Work& work) const {
  std::string_view type = reference;
  const std::string_view name = take_part(type);
  const std::string_view field = take_part(type);
  const auto pattern = patterns_.find(name);
  if (pattern == patterns_.end()) {
    throw std::invalid_argument(
        cat("%{", reference, "}", where, ": no pattern is called \"", name, "\"; define it in custom_pattern_path"));
  }
  if (std::find(work.open.begin(), work.open.end(), name) != work.open.end()) {
    throw std::invalid_argument(cat("%{", reference, "}", where, ": the pattern ", name, " contains itself"));
  }
  std::string& regexp = work.out.regexp;
  if (field.empty()) {
    regexp.append("(?:");
  } else {
    const auto same = [&](const auto& known) { return known.second == field; };
    auto known = std::find_if(work.out.fields.begin(), work.out.fields.end(), same);
    if (known == work.out.fields.end()) {
      known = work.out.fields.emplace(cat("grok_field_", work.out.fields.size()), field).first;
    }
    regexp.append("(?<").append(known->first).append(">");
    if (!type.empty()) work.out.types.emplace_back(field, type == "int" ? "integer" : std::string(type));
  }
  work.open.push_back(pattern->first);
  expand(pattern->second, pattern->first, work);
  work.open.pop_back();
  regexp.push_back(')');
}

}  // namespace logboom::grok
