#include "route/cover.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace logboom {
namespace {

constexpr std::size_t max_states = 4096;
constexpr std::size_t max_program_size = 4096;

/// Several programs that read the same tag, each with the states that it may be in.
class Race {
 public:
  struct Place {
    std::vector<glob::States> states;
    bool at_begin = true;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  explicit Race(const std::vector<const glob::Program*>& programs) : alphabet_(glob::representative_bytes(programs)) {
    for (const glob::Program* program : programs) runners_.emplace_back(*program);
  }

  Place start() const { return {std::vector<glob::States>(runners_.size(), glob::States{0}), true}; }
  const std::vector<char>& alphabet() const noexcept { return alphabet_; }

  bool accepts(const Place& place, std::size_t runner) {
    runners_[runner].close(place.states[runner], place.at_begin, std::nullopt, closed_);
    return runners_[runner].accepts(closed_);
  }
  Place advance(const Place& place, char c) {
    Place next{{}, false};
    for (std::size_t i = 0; i < runners_.size(); ++i) {
      runners_[i].close(place.states[i], place.at_begin, c, closed_);
      runners_[i].advance(closed_, c, next.states.emplace_back());
      std::sort(next.states.back().begin(), next.states.back().end());
    }
    return next;
  }

 private:
  std::vector<glob::Simulation> runners_;
  std::vector<char> alphabet_;
  glob::States closed_;
};

/// Whether `holds` is true wherever some tag can bring the programs; `go_on` says what is worth going further. No
/// answer, and so false, beyond the limits.
template <class Holds, class GoOn>
bool everywhere(const std::vector<const glob::Program*>& programs, const Holds& holds, const GoOn& go_on) {
  std::size_t size = 0;
  for (const glob::Program* program : programs) size += program->size();
  if (size > max_program_size) return false;
  Race race(programs);
  std::set<Race::Place> seen{race.start()};
  std::vector<Race::Place> pending{race.start()};
  while (!pending.empty()) {
    const Race::Place place = std::move(pending.back());
    pending.pop_back();
    if (!holds(race, place)) return false;
    for (const char c : race.alphabet()) {
      Race::Place next = race.advance(place, c);
      if (!go_on(next)) continue;
      if (seen.size() > max_states) return false;
      if (seen.insert(next).second) pending.push_back(std::move(next));
    }
  }
  return true;
}

const glob::Program& program_of(const Pattern& pattern) {
  static const glob::Program everything = glob::parse("**");
  return pattern.program().empty() ? everything : pattern.program();
}

bool is_covered(const Pattern& later, const std::vector<const Pattern*>& earlier) {
  std::vector<const glob::Program*> programs;
  if (!later.is_regexp()) programs.push_back(&program_of(later));
  for (const Pattern* pattern : earlier) {
    if (pattern->matches_everything() || pattern->text() == later.text()) return true;
    if (!pattern->is_regexp()) programs.push_back(&program_of(*pattern));
  }
  if (later.is_regexp()) return false;
  const auto one_more_accepts = [](Race& race, const Race::Place& place) {
    if (!race.accepts(place, 0)) return true;
    for (std::size_t i = 1; i < place.states.size(); ++i) {
      if (race.accepts(place, i)) return true;
    }
    return false;
  };
  return everywhere(programs, one_more_accepts, [](const Race::Place& next) { return !next.states.front().empty(); });
}

bool are_disjoint(const Pattern& one, const Pattern& other) {
  if (one.is_regexp() || other.is_regexp()) return false;
  const auto not_both = [](Race& race, const Race::Place& place) {
    return !race.accepts(place, 0) || !race.accepts(place, 1);
  };
  return everywhere({&program_of(one), &program_of(other)}, not_both, [](const Race::Place& next) {
    return !next.states.front().empty() && !next.states.back().empty();
  });
}

}  // namespace

bool is_covered(const PatternList& later, const std::vector<const PatternList*>& earlier) {
  std::vector<const Pattern*> patterns;
  for (const PatternList* list : earlier) {
    for (const Pattern& pattern : list->patterns()) patterns.push_back(&pattern);
  }
  return std::all_of(later.patterns().begin(), later.patterns().end(),
                     [&](const Pattern& pattern) { return is_covered(pattern, patterns); });
}

bool are_disjoint(const PatternList& one, const PatternList& other) {
  return std::all_of(one.patterns().begin(), one.patterns().end(), [&](const Pattern& a) {
    return std::all_of(other.patterns().begin(), other.patterns().end(),
                       [&](const Pattern& b) { return are_disjoint(a, b); });
  });
}

}  // namespace logboom
