#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "route/glob.hpp"

namespace logboom {

// One of Fluentd's match patterns, as lib/fluent/match.rb reads them:
//
//   `**` alone        every tag
//   `*`               any run of bytes without a dot, empty too
//   `.**`             nothing, or a dot and anything:   `a.**` matches `a`, `a.`, `a.b`
//   `**.`             nothing, or anything and a dot, but "nothing" only where the tag starts: `**.a` matches `a`,
//   `x.a`
//   `**` elsewhere    anything without a newline
//   `{x,y}`           alternatives, nested and empty ones too; `,` and `}` outside braces are literals
//   `\c`              the literal c
//   `/re/`            a regexp, `\Are\Z`, not grouped
//   a dot at the end of the pattern is dropped; every other byte is a literal, `!`, `?`, `[` and `]` included
//
// As with Ruby's `\Z`, one newline at the end of a tag is ignored. Globs run in time proportional to tag × pattern.
// Immutable: may be shared by threads; copies are cheap.
class Pattern {
 public:
  // `text` is one pattern, without surrounding whitespace. Throws std::invalid_argument for an unclosed `{`, a pattern
  // that starts but doesn't end with `/`, an invalid regexp, and a pattern beyond 64 KiB or 100 nested braces. (Fluentd
  // loads an unclosed `{` and then matches the source text of the expression: never what is meant.)
  static Pattern compile(std::string_view text);

  // A regexp that exceeds its backtracking limit on this tag doesn't match it.
  bool matches(std::string_view tag) const;

  // Whether every tag without a newline matches. Never true by mistake; may miss a regexp other than `/.*/` and globs
  // of uncommon complexity.
  bool matches_everything() const;

  const std::string& text() const;
  bool is_regexp() const;
  // Empty for a regexp and for `**`.
  const glob::Program& program() const;

 private:
  struct Impl;
  explicit Pattern(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

// The argument of a `<match>` or `<filter>`: patterns separated by whitespace of which one has to match. An empty one
// is
// `**`. Same guarantees as Pattern.
class PatternList {
 public:
  // Throws as Pattern::compile does. A `/re/` can't contain whitespace, as it would be split there.
  static PatternList compile(std::string_view text);

  bool matches(std::string_view tag) const;
  bool matches_everything() const;
  const std::vector<Pattern>& patterns() const { return patterns_; }

 private:
  explicit PatternList(std::vector<Pattern> patterns);
  std::vector<Pattern> patterns_;
};

}  // namespace logboom
