#pragma once

#include <string>
#include <string_view>

#include <logboom/parser_fields.hpp>
#include <logboom/regexp.hpp>

namespace logboom {

/// The parameters of a parser that is a regular expression: `regexp`, and those that have one as their default.
struct RegexpOptions : ParserOptions {
  RegexpOptions() { time_key = "time"; }
  config_value::Regexp expression;
  bool ignorecase = false;
  bool multiline = false;

  /// Returns the parameter `expression`, so that it can be made required.
  template <class Options>
  static typename Describe<Options>::Param describe_regexp(Describe<Options>& d) {
    d.param("ignorecase", static_cast<bool Options::*>(&RegexpOptions::ignorecase), "The same as /…/i.");
    d.param("multiline", static_cast<bool Options::*>(&RegexpOptions::multiline),
            "The same as /…/m: `.` matches a line end too.");
    describe_parser(d);
    return d.param("expression", static_cast<config_value::Regexp Options::*>(&RegexpOptions::expression),
                   "The regular expression, in Ruby's syntax, whose named groups are the record's fields.");
  }
};

/// Makes records of the named groups of a regular expression. A group that took no part in the match is left out.
///
/// Threads: one at a time.
class RegexpFields {
 public:
  /// Throws ConfigError at the attribute `key` of `element` where the expression is wrong or has no named groups.
  RegexpFields(const RegexpOptions& options, const Element& element, std::string_view key = "expression");

  /// As Parser::parse.
  bool parse(std::string_view text, ParsedSink& sink, std::string& error);
  FieldWriter& fields() noexcept { return fields_; }

 private:
  Regexp regexp_;
  MatchRegion region_;
  FieldWriter fields_;
};

/// Why a search found nothing, for messages.
std::string_view search_failure(SearchResult result) noexcept;

}  // namespace logboom
