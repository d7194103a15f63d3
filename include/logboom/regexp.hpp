#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logboom {

class Counter;

// What a search came to. `limit_exceeded`: the search was given up because it backtracked too much or needed too much
// memory; whether the subject matches is unknown.
enum class SearchResult { match, no_match, limit_exceeded };

// Bounds of one search, so that no pattern can stall a worker or eat its memory. One retry costs some 10 ns, one stack
// entry some 40 bytes; a greedy `.*` takes about one entry per byte of the subject.
struct RegexpLimits {
  unsigned long retries_in_match = 1'000'000;
  unsigned long retries_in_search = 5'000'000;
  unsigned int stack_entries = 1'000'000;
  // About the longest time of a search that begins anew at many places of a long subject. It is looked at only where
  // many retries were needed.
  std::chrono::nanoseconds duration = std::chrono::milliseconds(500);
};

// Where the groups of the last successful search are. Belongs to one thread at a time; reuse it for many searches (and
// many regexps) to save allocations. The views it gives point into the subject of that search.
class MatchRegion {
 public:
  MatchRegion();
  ~MatchRegion();
  MatchRegion(MatchRegion&&) noexcept;
  MatchRegion& operator=(MatchRegion&&) noexcept;

  // Number of groups, the whole match (group 0) included; 0 unless the last search matched.
  std::size_t size() const;
  // Text of a group; nothing if it took no part in the match or doesn't exist.
  std::optional<std::string_view> group(std::size_t index) const;
  // Byte offset of a group in the subject; nothing in the same cases as group().
  std::optional<std::size_t> begin(std::size_t index) const;

 private:
  friend class Regexp;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A regular expression in Ruby's syntax over UTF-8 (as Fluentd configurations use them), run by Oniguruma. As in Ruby,
// `^` and `$` match at line ends, `\w \d \s` are ASCII, and unnamed groups capture only where no group is named.
//
// Compiled objects are immutable and may be shared by threads; copies are cheap and share the compiled form.
class Regexp {
 public:
  struct Flags {
    bool ignore_case = false;  // Ruby's i
    bool multiline = false;    // Ruby's m: `.` matches a newline too
    bool extended = false;     // Ruby's x
  };
  struct NamedGroup {
    std::string name;
    std::vector<std::size_t> numbers;  // several if the name is used several times
  };

  // Throws std::invalid_argument with Oniguruma's message, the pattern, and the byte position where it is known.
  static Regexp compile(std::string_view pattern, Flags flags);
  static Regexp compile(std::string_view pattern) { return compile(pattern, Flags{}); }
  static Regexp compile(std::string_view pattern, Flags flags, RegexpLimits limits);

  // Finds the first match. A byte of the subject that is not part of valid UTF-8 counts as one control character: it is
  // matched by `.` and negated classes only, and the valid text around it matches as usual. `subject` must outlive the
  // use of the region.
  SearchResult search(std::string_view subject, MatchRegion& region) const;
  // Finds the first match that begins at byte `from` or behind it; what is before it still counts for `^`, `\b` and
  // what looks back. To find all matches, search from the end of the last one (one character further after an empty
  // match): with the same region and the unchanged subject, that checks its UTF-8 once.
  SearchResult search(std::string_view subject, MatchRegion& region, std::size_t from) const;

  // Named groups in the order of their numbers.
  const std::vector<NamedGroup>& named_groups() const;
  // Text of the last group of that name which took part in the region's match.
  std::optional<std::string_view> group(const MatchRegion& region, std::string_view name) const;

  const std::string& pattern() const;

 private:
  struct Impl;
  explicit Regexp(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

// Where regexps count the searches that they give up. All that are compiled on this thread while one of these lives use
// the counter that it gives; of several the inner one's. Whoever makes a plugin holds one, so that each plugin's are
// counted by themselves: logboom_regexp_limit_exceeded_total.
class RegexpCounting {
 public:
  // Asked when the first regexp is compiled; null: they are not counted.
  using Get = std::function<std::shared_ptr<Counter>()>;
  explicit RegexpCounting(Get get);
  RegexpCounting(const RegexpCounting&) = delete;
  RegexpCounting& operator=(const RegexpCounting&) = delete;
  ~RegexpCounting();

  // The counter of a regexp that is compiled now; null where there is none.
  static std::shared_ptr<Counter> current();

 private:
  Get get_;
  RegexpCounting* outer_;
};

}  // namespace logboom
