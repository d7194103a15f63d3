#include "route/pattern.hpp"

#include <logboom/regexp.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace logboom {
namespace {

constexpr std::size_t max_pattern_size = 64 * 1024;
constexpr std::size_t max_universality_states = 64;
constexpr RegexpLimits tag_regexp_limits{
    .retries_in_match = 500'000, .retries_in_search = 1'000'000, .stack_entries = 500'000};

bool is_universal(const glob::Program& program) {
  using glob::States;
  const std::vector<char> alphabet = glob::representative_bytes({&program});
  glob::Simulation simulation(program);
  std::set<States> seen{States{0}};
  std::vector<std::pair<States, bool>> pending{{States{0}, true}};
  States closed;
  while (!pending.empty()) {
    const auto [states, at_begin] = std::move(pending.back());
    pending.pop_back();
    simulation.close(states, at_begin, std::nullopt, closed);
    if (!simulation.accepts(closed)) return false;
    for (const char c : alphabet) {
      States next;
      simulation.close(states, at_begin, c, closed);
      simulation.advance(closed, c, next);
      std::sort(next.begin(), next.end());
      if (next.empty() || seen.size() > max_universality_states) return false;
      if (seen.insert(next).second) pending.emplace_back(std::move(next), false);
    }
  }
  return true;
}

Regexp compile_regexp(std::string_view text) {
  if (text.back() != '/') {
    throw std::invalid_argument(
        "a pattern that starts with '/' is a regexp and must end with '/'; write \\s for whitespace in it");
  }
  const std::string_view body = text.size() < 2 ? std::string_view{} : text.substr(1, text.size() - 2);
  return Regexp::compile("\\A" + std::string(body) + "\\Z", {}, tag_regexp_limits);
}

constexpr std::string_view whitespace = " \t\r\n\f\v";

}  // namespace

struct Pattern::Impl {
  std::string text;
  bool everything = false;
  glob::Program glob;  // empty for a regexp and for `**`
  std::optional<Regexp> regexp;
};

Pattern::Pattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Pattern Pattern::compile(std::string_view text) {
  auto impl = std::make_shared<Impl>();
  impl->text = text;
  try {
    if (text.size() > max_pattern_size) throw std::invalid_argument("longer than 64 KiB");
    if (text == "**") {
      impl->everything = true;
    } else if (text.starts_with('/')) {
      impl->regexp = compile_regexp(text);
      impl->everything = text == "/.*/";
    } else {
      impl->glob = glob::parse(text);
      impl->everything = is_universal(impl->glob);
    }
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument("invalid match pattern '" + std::string(text.substr(0, 200)) + "': " + e.what());
  }
  return Pattern(std::move(impl));
}

bool Pattern::matches(std::string_view tag) const {
  if (impl_->regexp) {
    MatchRegion region;
    return impl_->regexp->search(tag, region) == SearchResult::match;
  }
  return impl_->glob.empty() || glob::matches(impl_->glob, tag);
}

bool Pattern::matches_everything() const { return impl_->everything; }

bool Pattern::is_regexp() const { return impl_->regexp.has_value(); }

const glob::Program& Pattern::program() const { return impl_->glob; }

const std::string& Pattern::text() const { return impl_->text; }

PatternList::PatternList(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {}

PatternList PatternList::compile(std::string_view text) {
  std::vector<Pattern> patterns;
  for (std::size_t pos = text.find_first_not_of(whitespace); pos != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(whitespace, pos), text.size());
    patterns.push_back(Pattern::compile(text.substr(pos, end - pos)));
    pos = text.find_first_not_of(whitespace, end);
  }
  if (patterns.empty()) patterns.push_back(Pattern::compile("**"));
  return PatternList(std::move(patterns));
}

bool PatternList::matches(std::string_view tag) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& p) { return p.matches(tag); });
}

bool PatternList::matches_everything() const {
  return std::any_of(patterns_.begin(), patterns_.end(), [](const Pattern& p) { return p.matches_everything(); });
}

}  // namespace logboom
