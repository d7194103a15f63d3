#pragma once

#include <optional>
#include <string>
#include <vector>

#include <logboom/plugin.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/text_pattern.hpp>

#include "tag_pattern.hpp"

namespace logboom::plugins::rewrite {

struct RuleOptions {
  std::string key;
  config_value::Regexp pattern;
  std::string tag;
  std::optional<std::string> label;
  bool invert = false;

  static void describe(Describe<RuleOptions>& d) {
    d.param("key", &RuleOptions::key, "The field, or the path to it as a record accessor.").required();
    d.param("pattern", &RuleOptions::pattern, "The regular expression, in Ruby's syntax.").required();
    d.param("tag", &RuleOptions::tag, "The new tag, with placeholders.").required();
    d.param("label", &RuleOptions::label, "The label that the event goes to.");
    d.param("invert", &RuleOptions::invert, "The rule is for what the pattern does not match.");
  }
};

struct Rule {
  RecordAccessor key;
  TextPattern pattern;
  TagPattern tag;
  std::string label;  // empty: none
  bool invert;
};

/// Those of the `<rule>` sections, whose options are given, and those of `rewriterule1` and so on. Throws ConfigError
/// at the place in the context's element.
std::vector<Rule> read_rules(const std::vector<RuleOptions>& options, const std::string& hostname,
                             BuildContext& context);
/// Says that the plugin reads the old parameters by itself.
template <class Options>
void leave_old_rules(Describe<Options>& d) {
  constexpr unsigned most = 200;
  for (unsigned i = 1; i <= most; ++i) d.leave_section(cat("rewriterule", i));
}

}  // namespace logboom::plugins::rewrite
