/// Parts of texts, and where they are.
#include <algorithm>

#include "base/expression_machine.hpp"
#include "base/expression_range.hpp"
#include "base/expression_text.hpp"

namespace logboom::expression {

bool slice_of(Machine& m, const Val& first, const Val* second, std::size_t size, Slice& slice) {
  slice = {};
  const auto count = static_cast<std::int64_t>(size);
  std::int64_t begin = 0;
  std::int64_t length = 0;
  if (first.kind == Kind::range) {
    const Val low = first.items[0].is_nil() ? Val::of(std::int64_t{0}) : first.items[0];
    const Val high = first.items[1].is_nil() ? Val::of(count - 1) : first.items[1];
    if (low.kind != Kind::integer || high.kind != Kind::integer) return m.wrong_type("Integer", first), false;
    begin = low.integer < 0 ? low.integer + count : low.integer;
    std::int64_t end = high.integer < 0 ? high.integer + count : std::min(high.integer, count);
    if (!first.exclusive || first.items[1].is_nil()) end = std::min(end, count - 1) + 1;
    length = begin < 0 ? 0 : std::max<std::int64_t>(end - std::min(begin, count), 0);
  } else {
    const Val wanted = second != nullptr ? *second : Val::of(std::int64_t{1});
    if (first.kind != Kind::integer) return m.wrong_type("Integer", first), false;
    if (wanted.kind != Kind::integer) return m.wrong_type("Integer", wanted), false;
    begin = first.integer < 0 ? first.integer + count : first.integer;
    length = wanted.integer;
    if (length < 0) return true;
  }
  if (begin < 0 || begin > count) return true;
  slice.found = true;
  slice.begin = static_cast<std::size_t>(begin);
  slice.size = static_cast<std::size_t>(std::min(length, count - begin));
  return true;
}

namespace {

bool texts_only(const Call& c) {
  for (const Val& arg : c.args) {
    if (arg.kind == Kind::string) continue;
    c.machine.wrong_type("String", arg);
    return false;
  }
  return true;
}

Val starts_with(const Call& c) {
  for (const Val& arg : c.args) {
    bool hit = false;
    if (arg.kind == Kind::regexp) {
      bool failed = false;
      const MatchData* match = c.machine.search(*arg.regexp, c.self.text(), 0, failed);
      if (failed) return Val::failed();
      hit = match != nullptr && match->begin == 0;
    } else if (arg.kind == Kind::string) {
      hit = c.self.text().starts_with(arg.text());
    } else {
      return c.machine.wrong_type("String", arg);
    }
    if (hit) return Val::of(true);
  }
  return Val::of(false);
}
Val ends_with(const Call& c) {
  if (!texts_only(c)) return Val::failed();
  return Val::of(
      std::any_of(c.args.begin(), c.args.end(), [&](const Val& v) { return c.self.text().ends_with(v.text()); }));
}
Val includes(const Call& c) {
  if (!texts_only(c)) return Val::failed();
  return Val::of(c.self.text().find(c.args[0].text()) != std::string_view::npos);
}

/// text[n], text[n, length], text[range], text["part"], text[/regexp/], text[/regexp/, group].
Val slice(const Call& c) {
  const std::string_view text = c.self.text();
  const Val& first = c.args[0];
  if (first.kind == Kind::string) {
    return text.find(first.text()) == std::string_view::npos ? Val() : first;
  }
  if (first.kind == Kind::regexp) {
    bool failed = false;
    const MatchData* match = c.machine.search(*first.regexp, text, 0, failed);
    if (failed) return Val::failed();
    c.machine.remember(match);
    if (match == nullptr) return {};
    const Val key = c.arg(1, Val::of(std::int64_t{0}));
    if (key.is_text()) {
      for (const auto& named : match->regexp->named_groups()) {
        if (named.name == key.text()) return match->groups[named.numbers.back()];
      }
      return c.machine.fail("undefined group name reference: " + std::string(key.text()));
    }
    if (key.kind != Kind::integer) return c.machine.wrong_type("Integer", key);
    const auto index = static_cast<std::size_t>(key.integer);
    return index < match->groups.size() ? match->groups[index] : Val();
  }
  Slice cut;
  const std::size_t count = character_count(text);
  if (!slice_of(c.machine, first, c.args.size() > 1 ? &c.args[1] : nullptr, count, cut)) return Val::failed();
  const bool single = first.kind == Kind::integer && c.args.size() == 1;
  if (!cut.found || (single && cut.begin == count)) return {};
  const bool bytes = count == text.size();
  const std::size_t begin = bytes ? cut.begin : byte_of(text, cut.begin);
  const std::string_view rest = text.substr(begin);
  return Val::of(rest.substr(0, bytes ? cut.size : byte_of(rest, cut.size)));
}

Val position(const Call& c, bool last) {
  const std::string_view text = c.self.text();
  const Val from = c.arg(1, Val::of(std::int64_t{0}));
  if (from.kind != Kind::integer) return c.machine.wrong_type("Integer", from);
  const auto count = static_cast<std::int64_t>(character_count(text));
  const std::int64_t begin = from.integer < 0 ? from.integer + count : from.integer;
  if (begin < 0 || begin > count) return {};
  const std::size_t start = byte_of(text, static_cast<std::size_t>(begin));
  std::size_t found = std::string_view::npos;
  if (c.args[0].kind == Kind::regexp && !last) {
    bool failed = false;
    const MatchData* match = c.machine.search(*c.args[0].regexp, text, 0, failed);
    while (!failed && match != nullptr && match->begin < start) {
      match = c.machine.search(*c.args[0].regexp, text, match->begin + 1, failed);
    }
    if (failed) return Val::failed();
    c.machine.remember(match);
    if (match != nullptr) found = match->begin;
  } else if (c.args[0].kind == Kind::string) {
    found = last ? text.rfind(c.args[0].text(), c.args.size() > 1 ? start : std::string_view::npos)
                 : text.find(c.args[0].text(), start);
  } else {
    return c.machine.wrong_type("String", c.args[0]);
  }
  if (found == std::string_view::npos) return {};
  return Val::of(static_cast<std::int64_t>(character_count(text.substr(0, found))));
}
Val index(const Call& c) { return position(c, false); }
Val rindex(const Call& c) { return position(c, true); }

Val without_prefix(const Call& c) {
  if (!texts_only(c)) return Val::failed();
  const bool has = c.self.text().starts_with(c.args[0].text());
  return has ? Val::of(c.self.text().substr(c.args[0].size)) : c.self;
}
Val without_suffix(const Call& c) {
  if (!texts_only(c)) return Val::failed();
  const bool has = c.self.text().ends_with(c.args[0].text());
  return has ? Val::of(c.self.text().substr(0, c.self.size - c.args[0].size)) : c.self;
}

Val cut_in_three(const Call& c, bool last) {
  const std::string_view text = c.self.text();
  std::size_t at = std::string_view::npos;
  std::size_t size = 0;
  if (c.args[0].kind == Kind::regexp && !last) {
    bool failed = false;
    const MatchData* match = c.machine.search(*c.args[0].regexp, text, 0, failed);
    if (failed) return Val::failed();
    if (match != nullptr) at = match->begin, size = match->groups[0].size;
  } else if (c.args[0].kind == Kind::string) {
    at = last ? text.rfind(c.args[0].text()) : text.find(c.args[0].text());
    size = c.args[0].size;
  } else {
    return c.machine.wrong_type("String", c.args[0]);
  }
  const Val none = Val::of(std::string_view(""));
  if (at == std::string_view::npos) {
    return Val::of(last ? c.machine.arena().copy({none, none, c.self}) : c.machine.arena().copy({c.self, none, none}));
  }
  return Val::of(c.machine.arena().copy(
      {Val::of(text.substr(0, at)), Val::of(text.substr(at, size)), Val::of(text.substr(at + size))}));
}
Val partition(const Call& c) { return cut_in_three(c, false); }
Val rpartition(const Call& c) { return cut_in_three(c, true); }

Val pieces(const Call& c, std::vector<Val>&& parts) {
  return c.machine.has_room(parts.size(), sizeof(Val)) ? Val::of(c.machine.arena().copy(parts)) : Val::failed();
}
Val chars(const Call& c) {
  std::vector<Val> parts;
  bool valid = false;
  const std::string_view text = c.self.text();
  for (std::size_t at = 0; at < text.size(); at += parts.back().size) {
    parts.push_back(Val::of(text.substr(at, character_size(text.substr(at), valid))));
  }
  return pieces(c, std::move(parts));
}
Val bytes(const Call& c) {
  std::vector<Val> parts;
  for (const char byte : c.self.text()) parts.push_back(Val::of(std::int64_t{static_cast<unsigned char>(byte)}));
  return pieces(c, std::move(parts));
}
Val lines(const Call& c) {
  std::vector<Val> parts;
  const std::string_view text = c.self.text();
  for (std::size_t at = 0; at < text.size(); at += parts.back().size) {
    const std::size_t end = text.find('\n', at);
    parts.push_back(Val::of(text.substr(at, end == std::string_view::npos ? end : end + 1 - at)));
  }
  return pieces(c, std::move(parts));
}

constexpr std::uint32_t strings = bit(Kind::string);

constexpr Entry entries[] = {
    {"start_with?", text_kinds, 1, 16, starts_with},
    {"end_with?", text_kinds, 1, 16, ends_with},
    {"include?", strings, 1, 1, includes},
    {"[]", strings, 1, 2, slice},
    {"slice", strings, 1, 2, slice},
    {"index", strings, 1, 2, index},
    {"rindex", strings, 1, 2, rindex},
    {"delete_prefix", strings, 1, 1, without_prefix},
    {"delete_suffix", strings, 1, 1, without_suffix},
    {"partition", strings, 1, 1, partition},
    {"rpartition", strings, 1, 1, rpartition},
    {"chars", strings, 0, 0, chars},
    {"each_char", strings, 0, 0, chars},
    {"bytes", strings, 0, 0, bytes},
    {"lines", strings, 0, 0, lines},
    {"each_line", strings, 0, 0, lines},
};

}  // namespace

std::span<const Entry> string_cut_methods() { return entries; }

}  // namespace logboom::expression
