#include <algorithm>
#include <stdexcept>

#include <logboom/metrics.hpp>

#include "base/expression_machine.hpp"
#include "base/expression_text.hpp"

namespace logboom::expression {

const MatchData* Machine::search(const Regexp& regexp, std::string_view subject, std::size_t from, bool& failed) {
  constexpr std::uint64_t unwatched = 64;
  if (++searches_ == 1 || searches_ == unwatched)
    deadline_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  failed = false;
  const bool late = searches_ > unwatched && std::chrono::steady_clock::now() > deadline_;
  const SearchResult result = late ? SearchResult::limit_exceeded : regexp.search(subject, region_, from);
  if (late && program_->regexp_counter) program_->regexp_counter->add();
  if (result == SearchResult::no_match) return nullptr;
  if (result == SearchResult::limit_exceeded) {
    failed = true;
    fail("the regexp /" + regexp.pattern() + "/ takes too long");
    return nullptr;
  }
  const std::span<Val> groups = arena_.make<Val>(region_.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (const auto text = region_.group(i)) groups[i] = Val::of(*text);
  }
  const std::span<MatchData> match = arena_.make<MatchData>(1);
  match[0] = {&regexp, subject, groups, region_.begin(0).value_or(0)};
  return match.data();
}

const Regexp* Machine::dynamic_regexp(std::string_view pattern, unsigned flags) {
  const auto known = std::find_if(dynamic_.begin(), dynamic_.end(),
                                  [&](const Dynamic& d) { return d.flags == flags && d.pattern == pattern; });
  if (known != dynamic_.end()) return &known->regexp;
  // What an evaluation uses must stay: the memory of earlier ones is given back between them, see reset().
  constexpr std::size_t most = 256;
  if (dynamic_.size() == most) return fail("too many different regexps"), nullptr;
  const RegexpCounting counting([this] { return program_->regexp_counter; });
  try {
    dynamic_.push_back({std::string(pattern), flags, compile_regexp(pattern, flags)});
  } catch (const std::invalid_argument& error) {
    return fail("RegexpError: " + std::string(error.what())), nullptr;
  }
  return &dynamic_.back().regexp;
}

namespace {

/// A regexp, or a text as a regexp that finds it.
const Regexp* pattern_of(Machine& m, const Val& pattern) {
  if (pattern.kind == Kind::regexp) return pattern.regexp;
  if (pattern.kind == Kind::string) return m.dynamic_regexp(pattern.text(), 0);
  m.fail("wrong argument type " + std::string(m.class_name(pattern)) + " (expected Regexp)");
  return nullptr;
}

Val character_place(std::string_view subject, std::size_t byte) {
  return Val::of(static_cast<std::int64_t>(character_count(subject.substr(0, byte))));
}

/// x =~ y, whichever of them is the regexp.
Val matches(const Call& c) {
  const bool regexp_first = c.self.kind == Kind::regexp;
  const Val& pattern = regexp_first ? c.self : c.args[0];
  const Val& subject = regexp_first ? c.args[0] : c.self;
  c.machine.remember(nullptr);
  if (subject.is_nil()) return {};
  if (!subject.is_text()) return c.machine.wrong_type("String", subject);
  if (pattern.kind != Kind::regexp) return c.machine.wrong_type("Regexp", pattern);
  bool failed = false;
  const MatchData* match = c.machine.search(*pattern.regexp, subject.text(), 0, failed);
  c.machine.remember(match);
  if (match == nullptr) return failed ? Val::failed() : Val();
  return character_place(subject.text(), match->begin);
}

Val nothing_matches(const Call&) { return {}; }

const MatchData* match_of(const Call& c, bool& failed) {
  const bool regexp_first = c.self.kind == Kind::regexp;
  const Val& subject = regexp_first ? c.args[0] : c.self;
  failed = true;
  const Regexp* regexp = regexp_first ? c.self.regexp : pattern_of(c.machine, c.args[0]);
  if (regexp == nullptr) return nullptr;
  if (subject.is_nil()) {
    failed = false;
    return nullptr;
  }
  if (!subject.is_text()) return c.machine.wrong_type("String", subject), nullptr;
  return c.machine.search(*regexp, subject.text(), 0, failed);
}

Val match(const Call& c) {
  bool failed = false;
  const MatchData* found = match_of(c, failed);
  c.machine.remember(found);
  return failed ? Val::failed() : found == nullptr ? Val() : Val::of(found);
}

Val is_match(const Call& c) {
  bool failed = false;
  const MatchData* found = match_of(c, failed);
  return failed ? Val::failed() : Val::of(found != nullptr);
}

/// \1, \k<name>, \0, \& and \\ in a replacement.
void put_replacement(std::string_view text, const MatchData& match, OutBuffer& out) {
  const auto group = [&](const Val& value) {
    if (value.kind == Kind::string) out.append(value.text());
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
    if (next >= '0' && next <= '9') {
      const auto number = static_cast<std::size_t>(next - '0');
      if (number < match.groups.size()) group(match.groups[number]);
      ++at;
    } else if (next == '&') {
      group(match.groups[0]);
      ++at;
    } else if (next == '\\') {
      out.append('\\');
      ++at;
    } else if (next == 'k' && at + 2 < text.size() && text[at + 2] == '<' &&
               text.find('>', at) != std::string_view::npos) {
      const std::size_t end = text.find('>', at);
      const std::string_view name = text.substr(at + 3, end - at - 3);
      for (const auto& named : match.regexp->named_groups()) {
        if (named.name != name) continue;
        for (const std::size_t number : named.numbers) group(match.groups[number]);
      }
      at = end;
    } else {
      out.append(text[at]);
    }
  }
}

Val replacement_for(const Call& c, const MatchData& match, OutBuffer& out) {
  if (c.has_block() && c.args.size() < 2) {
    c.machine.remember(&match);
    const Val value = c.machine.call_block(c, match.groups[0]);
    if (!value.is_error()) out.append(c.machine.to_s(value));
    return value;
  }
  const Val& with = c.args[1];
  if (with.kind == Kind::hash) {
    const Val value = c.machine.lookup(with, match.groups[0]);
    out.append(c.machine.to_s(value));
    return value;
  }
  if (!with.is_text()) return c.machine.wrong_type("String", with);
  put_replacement(with.text(), match, out);
  return with;
}

/// Where to look on after a match: behind it, or one character further if it is empty.
std::size_t behind(std::string_view subject, const MatchData& match, std::size_t& copied_to) {
  const std::size_t end = match.begin + match.groups[0].size;
  copied_to = end;
  if (match.groups[0].size != 0) return end;
  bool valid = false;
  return end < subject.size() ? end + character_size(subject.substr(end), valid) : end + 1;
}

Val substitute(const Call& c, bool all) {
  Machine& m = c.machine;
  if (c.args.size() < 2 && !c.has_block()) return m.fail("wrong number of arguments (given 1, expected 2)");
  const Val& pattern = c.args[0];
  if (pattern.kind != Kind::regexp && pattern.kind != Kind::string) return m.wrong_type("Regexp", pattern);
  const std::string_view subject = c.self.text();
  Text text(m);
  std::size_t copied = 0;
  for (std::size_t from = 0; from <= subject.size();) {
    const MatchData* match = nullptr;
    MatchData plain{};
    Val whole[1];
    bool failed = false;
    if (pattern.kind == Kind::string) {
      const std::size_t found = subject.find(pattern.text(), from);
      if (found != std::string_view::npos) {
        whole[0] = Val::of(subject.substr(found, pattern.size));
        static const Regexp none = Regexp::compile("");
        plain = {&none, subject, std::span<const Val>(whole), found};
        match = &plain;
      }
    } else {
      match = m.search(*pattern.regexp, subject, from, failed);
    }
    if (failed) return Val::failed();
    if (match == nullptr) break;
    text.append(subject.substr(copied, match->begin - copied));
    const Val put = replacement_for(c, *match, text.out());
    m.remember(match == &plain ? nullptr : match);
    if (put.is_error() || !m.has_room(0)) return Val::failed();
    from = behind(subject, *match, copied);
    if (!all) break;
  }
  if (copied == 0 && text.size() == 0) return c.self;
  text.append(subject.substr(copied));
  return text.value();
}

Val sub(const Call& c) { return substitute(c, false); }
Val gsub(const Call& c) { return substitute(c, true); }

Val scan(const Call& c) {
  Machine& m = c.machine;
  std::vector<Val> found;
  const std::string_view subject = c.self.text();
  const Regexp* regexp = nullptr;
  if (c.args[0].kind == Kind::regexp) regexp = c.args[0].regexp;
  if (regexp == nullptr) return m.wrong_type("Regexp", c.args[0]);
  std::size_t copied = 0;
  for (std::size_t from = 0; from <= subject.size();) {
    bool failed = false;
    const MatchData* match = m.search(*regexp, subject, from, failed);
    if (failed || !m.has_room(0)) return Val::failed();
    if (match == nullptr) break;
    found.push_back(match->groups.size() == 1 ? match->groups[0] : Val::of(match->groups.subspan(1)));
    from = behind(subject, *match, copied);
  }
  return Val::of(m.arena().copy(found));
}

/// An empty match cuts behind each character, as in Ruby.
Val split_by_regexp(const Call& c, std::int64_t limit, std::vector<Val>& parts) {
  Machine& m = c.machine;
  const std::string_view subject = c.self.text();
  std::size_t begin = 0;
  std::size_t from = 0;
  bool stepped = false;
  for (std::int64_t cuts = 1; limit <= 0 || cuts < limit;) {
    bool failed = false;
    const MatchData* match = m.search(*c.args[0].regexp, subject, from, failed);
    if (failed || !m.has_room(0)) return Val::failed();
    if (match == nullptr) break;
    if (match->groups[0].size == 0 && match->begin == from) {
      if (!stepped) {
        bool valid = false;
        from += from < subject.size() ? character_size(subject.substr(from), valid) : 1;
        stepped = true;
        continue;
      }
      parts.push_back(Val::of(subject.substr(begin, from - begin)));
      begin = from;
    } else {
      parts.push_back(Val::of(subject.substr(begin, match->begin - begin)));
      begin = from = match->begin + match->groups[0].size;
    }
    stepped = false;
    ++cuts;
    for (const Val& group : match->groups.subspan(1)) {
      if (!group.is_nil()) parts.push_back(group);
    }
  }
  if (limit != 0 || begin < subject.size()) parts.push_back(Val::of(subject.substr(begin)));
  return {};
}

void split_by_space(std::string_view subject, std::int64_t limit, std::vector<Val>& parts) {
  std::size_t at = 0;
  const auto skip = [&] {
    while (at < subject.size() && is_space(subject[at])) ++at;
  };
  for (skip(); at < subject.size(); skip()) {
    if (limit > 0 && static_cast<std::int64_t>(parts.size()) + 1 == limit) {
      parts.push_back(Val::of(subject.substr(at)));
      return;
    }
    const std::size_t begin = at;
    while (at < subject.size() && !is_space(subject[at])) ++at;
    parts.push_back(Val::of(subject.substr(begin, at - begin)));
  }
  if (!subject.empty() && is_space(subject.back())) parts.push_back(Val::of(std::string_view("")));
}

void split_by_text(std::string_view subject, std::string_view separator, std::int64_t limit, std::vector<Val>& parts) {
  std::size_t begin = 0;
  while (limit <= 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    std::size_t end = 0;
    if (separator.empty()) {
      bool valid = false;
      if (begin >= subject.size()) break;
      end = begin + character_size(subject.substr(begin), valid);
      if (end == subject.size()) break;
    } else {
      end = subject.find(separator, begin);
      if (end == std::string_view::npos) break;
    }
    parts.push_back(Val::of(subject.substr(begin, end - begin)));
    begin = end + separator.size();
  }
  parts.push_back(Val::of(subject.substr(begin)));
}

Val split(const Call& c) {
  Machine& m = c.machine;
  const Val limit = c.arg(1, Val::of(std::int64_t{0}));
  if (limit.kind != Kind::integer) return m.wrong_type("Integer", limit);
  std::vector<Val> parts;
  const Val by = c.arg(0);
  if (c.self.size == 0) return Val::of(std::span<const Val>());
  if (by.kind == Kind::regexp) {
    if (split_by_regexp(c, limit.integer, parts).is_error()) return Val::failed();
  } else if (by.is_nil() || (by.kind == Kind::string && by.text() == " ")) {
    split_by_space(c.self.text(), limit.integer, parts);
  } else if (by.kind == Kind::string) {
    split_by_text(c.self.text(), by.text(), limit.integer, parts);
  } else {
    return m.wrong_type("String", by);
  }
  if (limit.integer == 0) {
    while (!parts.empty() && parts.back().kind == Kind::string && parts.back().size == 0) parts.pop_back();
  }
  return m.has_room(parts.size(), sizeof(Val)) ? Val::of(m.arena().copy(parts)) : Val::failed();
}

Val group_named(const Call& c, std::string_view name) {
  for (const auto& named : c.self.match->regexp->named_groups()) {
    if (named.name == name) return c.self.match->groups[named.numbers.back()];
  }
  return c.machine.fail("undefined group name reference: " + std::string(name));
}

Val match_index(const Call& c) {
  const Val& key = c.args[0];
  if (key.is_text()) return group_named(c, key.text());
  if (key.kind != Kind::integer) return c.machine.wrong_type("Integer", key);
  const auto count = static_cast<std::int64_t>(c.self.match->groups.size());
  const std::int64_t index = key.integer < 0 ? key.integer + count : key.integer;
  return index < 0 || index >= count ? Val() : c.self.match->groups[static_cast<std::size_t>(index)];
}

Val captures(const Call& c) { return Val::of(c.self.match->groups.subspan(1)); }
Val match_to_a(const Call& c) { return Val::of(c.self.match->groups); }
Val pre_match(const Call& c) { return Val::of(c.self.match->subject.substr(0, c.self.match->begin)); }
Val post_match(const Call& c) {
  return Val::of(c.self.match->subject.substr(c.self.match->begin + c.self.match->groups[0].size));
}
Val named_captures(const Call& c) {
  HashBuilder builder(c.machine);
  for (const auto& named : c.self.match->regexp->named_groups()) {
    builder.add(c.machine.text(named.name), c.self.match->groups[named.numbers.back()]);
  }
  return builder.value();
}
Val source(const Call& c) { return c.machine.text(c.self.regexp->pattern()); }

constexpr std::uint32_t regexp_kind = bit(Kind::regexp);
constexpr std::uint32_t match_kind = bit(Kind::match);

constexpr Entry entries[] = {
    {"=~", text_kinds | regexp_kind, 1, 1, matches},
    {"=~", bit(Kind::nil), 1, 1, nothing_matches},
    {"match", text_kinds | regexp_kind, 1, 1, match},
    {"match?", text_kinds | regexp_kind, 1, 1, is_match},
    {"sub", bit(Kind::string), 1, 2, sub, Block::may},
    {"gsub", bit(Kind::string), 1, 2, gsub, Block::may},
    {"scan", bit(Kind::string), 1, 1, scan},
    {"split", bit(Kind::string), 0, 2, split},
    {"[]", match_kind, 1, 1, match_index},
    {"captures", match_kind, 0, 0, captures},
    {"named_captures", match_kind, 0, 0, named_captures},
    {"to_a", match_kind, 0, 0, match_to_a},
    {"pre_match", match_kind, 0, 0, pre_match},
    {"post_match", match_kind, 0, 0, post_match},
    {"source", regexp_kind, 0, 0, source},
};

}  // namespace

std::span<const Entry> search_methods() { return entries; }

}  // namespace logboom::expression
