#include "redactor.hpp"

#include <algorithm>

namespace logboom::plugins::redact {
namespace {

// A search by a regular expression looks at the rest of the text; so many are bearable.
constexpr unsigned most_searches = 2000;

/// Calls `visit` with each string and binary that is no key. Without recursion: nesting may be deep. Stops where
/// `visit` says false.
template <class F>
void for_each_text(const msgpack::Value& value, F&& visit) {
  struct Level {
    std::uint64_t left;
    bool is_map;
  };
  std::vector<Level> levels;
  const std::uint8_t* at = value.begin();
  // The keys of keys that are maps are keys, too.
  std::size_t key_depth = 0;
  while (at != value.end()) {
    while (!levels.empty() && levels.back().left == 0) {
      levels.pop_back();
      if (levels.size() < key_depth) key_depth = 0;
    }
    const bool is_key = !levels.empty() && levels.back().is_map && levels.back().left % 2 == 0;
    if (!levels.empty()) --levels.back().left;
    const msgpack::Type type = msgpack::type_of(*at);
    if (type == msgpack::Type::array || type == msgpack::Type::map) {
      const msgpack::Value container(at, value.end());
      const bool is_map = type == msgpack::Type::map;
      levels.push_back({std::uint64_t{container.count()} * (is_map ? 2 : 1), is_map});
      if (is_key && key_depth == 0) key_depth = levels.size();
      at = container.children();
      continue;
    }
    const msgpack::Value scalar(at, msgpack::skip(at, value.end()));
    at = scalar.end();
    if (is_key || key_depth != 0 || !scalar.is_text()) continue;
    if (!visit(scalar)) return;
  }
}

}  // namespace

Redactor::Redactor(const std::vector<std::unique_ptr<Pattern>>& patterns, const Substitute& substitute)
    : patterns_(patterns), substitute_(substitute), next_(patterns.size()) {}

/// False where the search was given up.
bool Redactor::find(std::size_t pattern, std::string_view text, std::size_t from) {
  Found& next = next_[pattern];
  const auto& what = patterns_[pattern]->what;
  if (const Kind* kind = std::get_if<Kind>(&what)) {
    next = redact::find(*kind, text, from);
    return true;
  }
  next = {};
  while (from <= text.size()) {
    if (++searches_ > most_searches) return false;
    const SearchResult result = std::get<Regexp>(what).search(text, region_, from);
    if (result == SearchResult::limit_exceeded) return false;
    if (result == SearchResult::no_match) return true;
    const std::size_t begin = region_.begin(0).value_or(0);
    const std::size_t size = region_.group(0).value_or("").size();
    if (size != 0) {
      next = {begin, begin + size};
      return true;
    }
    from = begin + 1;
    while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80) ++from;
  }
  return true;
}

/// The changed text is in `text_`.
Redactor::Result Redactor::redact_text(std::string_view text) {
  searches_ = 0;
  bool found_any = false;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (!find(i, text, 0)) return Result::gave_up;
    found_any = found_any || next_[i];
  }
  if (!found_any) return Result::clean;
  text_.clear();
  std::size_t at = 0;
  for (;;) {
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      if (next_[i] && next_[i].begin < at && !find(i, text, at)) return Result::gave_up;
    }
    const auto first =
        std::min_element(next_.begin(), next_.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
    if (!*first) break;
    Pattern& pattern = *patterns_[static_cast<std::size_t>(first - next_.begin())];
    text_ += text.substr(at, first->begin - at);
    substitute_(pattern, text.substr(first->begin, first->end - first->begin), text_);
    pattern.matches.add();
    at = first->end;
  }
  text_ += text.substr(at);
  return Result::redacted;
}

Redactor::Result Redactor::redact(const msgpack::Value& value, OutBuffer& out) {
  Result result = Result::clean;
  const std::uint8_t* copied = value.begin();
  const std::size_t before = out.size();
  for_each_text(value, [&](const msgpack::Value& text) {
    const Result one = redact_text(text.text());
    if (one == Result::clean) return true;
    result = one;
    if (one == Result::gave_up) return false;
    out.append(copied, static_cast<std::size_t>(text.begin() - copied));
    msgpack::Writer writer(out);
    text.type() == msgpack::Type::binary ? writer.binary(text_) : writer.string(text_);
    copied = text.end();
    return true;
  });
  if (result == Result::gave_up) out.truncate(before);
  if (result == Result::redacted) out.append(copied, static_cast<std::size_t>(value.end() - copied));
  return result;
}

}  // namespace logboom::plugins::redact
