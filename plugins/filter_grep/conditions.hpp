#pragma once

#include <optional>
#include <string>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/plugin.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/text_pattern.hpp>

namespace logboom::plugins::grep {

/// `<regexp>` and `<exclude>`.
struct ConditionOptions {
  std::string key;
  config_value::Regexp pattern;

  static void describe(Describe<ConditionOptions>& d) {
    d.param("key", &ConditionOptions::key, "The field, or the path to it as a record accessor.").required();
    d.param("pattern", &ConditionOptions::pattern, "The regular expression, in Ruby's syntax.").required();
  }
};

/// `<and>` and `<or>`.
struct GroupOptions {
  std::vector<ConditionOptions> regexps;
  std::vector<ConditionOptions> excludes;

  static void describe(Describe<GroupOptions>& d) {
    d.section("regexp", &GroupOptions::regexps, "What a field must match.");
    d.section("exclude", &GroupOptions::excludes, "What a field must not match.");
  }
};

struct Options {
  std::vector<ConditionOptions> regexps;
  std::vector<ConditionOptions> excludes;
  std::vector<GroupOptions> ands;
  std::vector<GroupOptions> ors;

  static void describe(Describe<Options>& d);
};

/// How a search is done on one worker.
struct Scratch {
  MatchRegion region;
  OutBuffer text;
  std::string_view gave_up;  // the pattern whose search was given up last
};

/// What decides on an event.
///
/// Threads: any; a Scratch belongs to one at a time.
class Conditions {
 public:
  /// Throws all ConfigErrors, each at its place in `element`.
  Conditions(const Options& options, const Element& element);
  Conditions(const Conditions&) = delete;
  Conditions& operator=(const Conditions&) = delete;

  enum class Verdict : std::uint8_t { keep, drop, unknown };
  /// `unknown`: a search was given up, see Scratch.
  Verdict judge(const Record& record, Scratch& scratch) const;

 private:
  struct Condition {
    RecordAccessor key;
    TextPattern pattern;
  };
  using List = std::vector<Condition>;

  /// `sections`: the elements of `options`, in the same order.
  static void add(List& list, const std::vector<ConditionOptions>& options, const std::vector<const Element*>& sections,
                  ConfigErrorCollector& errors);
  static void add_old(List& list, std::string_view name, const Element& element, ConfigErrorCollector& errors);
  static void add_groups(const std::vector<GroupOptions>& groups, const std::vector<const Element*>& sections,
                         List& regexps, List& excludes, ConfigErrorCollector& errors);
  static SearchResult match(const Condition& condition, const Record& record, Scratch& scratch);
  Verdict judge_lists(const Record& record, Scratch& scratch) const;

  List all_of_;      // each must match
  List any_of_;      // one must match, if there are any
  List unless_all_;  // not all may match, if there are any
  List unless_any_;  // none may match
  // Where there is one condition in all: the usual case.
  const Condition* only_ = nullptr;
  SearchResult only_keeps_ = SearchResult::match;
};

}  // namespace logboom::plugins::grep
