#include <algorithm>

#include "base/expression_machine.hpp"
#include "base/expression_number.hpp"
#include "base/expression_text.hpp"

namespace logboom::expression {
namespace {

/// A copy of the result with the flags of a text made from the receiver.
Val changed_case(const Call& c, Case how) {
  Text text(c.machine);
  append_case(text.out(), c.self.text(), how);
  return text.value();
}
Val upcase(const Call& c) { return changed_case(c, Case::upper); }
Val downcase(const Call& c) { return changed_case(c, Case::lower); }
Val swapcase(const Call& c) { return changed_case(c, Case::swap); }
Val capitalize(const Call& c) {
  if (c.self.size == 0) return c.self;
  bool valid = false;
  const std::size_t first = character_size(c.self.text(), valid);
  Text text(c.machine);
  append_case(text.out(), c.self.text().substr(0, first), Case::upper);
  append_case(text.out(), c.self.text().substr(first), Case::lower);
  return text.value();
}

bool is_left_space(char c) { return is_space(c) || c == '\0'; }
Val strip(const Call& c, bool left, bool right) {
  std::string_view text = c.self.text();
  while (left && !text.empty() && is_left_space(text.front())) text.remove_prefix(1);
  while (right && !text.empty() && is_left_space(text.back())) text.remove_suffix(1);
  return Val::of(text);
}
Val strip_both(const Call& c) { return strip(c, true, true); }
Val lstrip(const Call& c) { return strip(c, true, false); }
Val rstrip(const Call& c) { return strip(c, false, true); }

Val chomp(const Call& c) {
  std::string_view text = c.self.text();
  if (!c.args.empty()) {
    if (c.args[0].kind != Kind::string) return c.machine.wrong_type("String", c.args[0]);
    const std::string_view end = c.args[0].text();
    if (!end.empty() && text.ends_with(end)) text.remove_suffix(end.size());
    return Val::of(text);
  }
  if (text.ends_with("\r\n")) return Val::of(text.substr(0, text.size() - 2));
  if (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return Val::of(text);
}

Val chop(const Call& c) {
  const std::string_view text = c.self.text();
  if (text.ends_with("\r\n")) return Val::of(text.substr(0, text.size() - 2));
  const std::size_t count = character_count(text);
  return count == 0 ? c.self : Val::of(text.substr(0, byte_of(text, count - 1)));
}

Val reverse(const Call& c) {
  const std::string_view text = c.self.text();
  std::string out(text.size(), '\0');
  std::size_t end = text.size();
  for (std::size_t at = 0; at < text.size();) {
    bool valid = false;
    const std::size_t size = character_size(text.substr(at), valid);
    end -= size;
    out.replace(end, size, text.substr(at, size));
    at += size;
  }
  return c.machine.text(out);
}

Val length(const Call& c) { return Val::of(static_cast<std::int64_t>(character_count(c.self.text()))); }
Val bytesize(const Call& c) { return Val::of(static_cast<std::int64_t>(c.self.size)); }
Val is_empty(const Call& c) { return Val::of(c.self.size == 0); }

Val to_i(const Call& c) {
  const Val base = c.arg(0, Val::of(std::int64_t{10}));
  if (base.kind != Kind::integer || base.integer < 2 || base.integer > 36) return c.machine.fail("invalid radix");
  return loose_integer(c.machine, c.self.text(), base.integer);
}
Val to_f(const Call& c) { return Val::of(loose_float(c.self.text())); }
Val to_sym(const Call& c) { return Val::of(c.self.text(), Kind::symbol); }
Val hex(const Call& c) { return loose_integer(c.machine, c.self.text(), 16); }
Val oct(const Call& c) { return loose_integer(c.machine, c.self.text(), 8); }
Val ord(const Call& c) {
  if (c.self.size == 0) return c.machine.fail("empty string");
  bool valid = false;
  const std::size_t size = character_size(c.self.text(), valid);
  if (!valid) return c.machine.fail("invalid byte sequence in UTF-8");
  return Val::of(std::int64_t{decode(c.self.text().substr(0, size))});
}

Val plus(const Call& c) {
  if (c.args[0].kind != Kind::string) return c.machine.wrong_type("String", c.args[0]);
  Text text(c.machine);
  text.append(c.self.text());
  text.append(c.args[0].text());
  return text.value();
}
Val concat(const Call& c) {
  Text text(c.machine);
  text.append(c.self.text());
  for (const Val& part : c.args) {
    if (part.kind != Kind::string) return c.machine.wrong_type("String", part);
    text.append(part.text());
  }
  return text.value();
}
Val prepend(const Call& c) {
  if (c.args[0].kind != Kind::string) return c.machine.wrong_type("String", c.args[0]);
  return plus({c.machine, c.node, c.args[0], std::span(&c.self, 1)});
}
Val times(const Call& c) {
  if (c.args[0].kind != Kind::integer) return c.machine.wrong_type("Integer", c.args[0]);
  if (c.args[0].integer < 0) return c.machine.fail("argument must be non-negative");
  const auto count = static_cast<std::size_t>(c.args[0].integer);
  if (c.self.size == 0) return c.self;
  if (!c.machine.has_room(count, c.self.size)) return Val::failed();
  Text text(c.machine);
  for (std::size_t i = 0; i < count; ++i) text.append(c.self.text());
  return text.value();
}
Val format(const Call& c) {
  const std::span<const Val> values =
      c.args[0].kind == Kind::array ? c.machine.elements(c.args[0]) : std::span<const Val>(&c.args[0], 1);
  return format_text(c.machine, c.self.text(), values);
}

Val justified(const Call& c, bool left, bool right) {
  const Val pad = c.arg(1, Val::of(std::string_view(" ")));
  if (c.args[0].kind != Kind::integer) return c.machine.wrong_type("Integer", c.args[0]);
  if (pad.kind != Kind::string) return c.machine.wrong_type("String", pad);
  if (pad.size == 0) return c.machine.fail("zero width padding");
  const auto have = static_cast<std::int64_t>(character_count(c.self.text()));
  if (c.args[0].integer <= have) return c.self;
  const std::int64_t missing = c.args[0].integer - have;
  if (!c.machine.has_room(static_cast<std::size_t>(missing), 4)) return Val::failed();
  const auto total = static_cast<std::size_t>(missing);
  const std::size_t before = left && right ? total / 2 : left ? total : 0;
  const std::size_t pad_count = character_count(pad.text());
  Text text(c.machine);
  const auto put = [&](std::size_t count) {
    for (; count >= pad_count; count -= pad_count) text.append(pad.text());
    text.append(pad.text().substr(0, byte_of(pad.text(), count)));
  };
  put(before);
  text.append(c.self.text());
  put(total - before);
  return text.value();
}
Val ljust(const Call& c) { return justified(c, false, true); }
Val rjust(const Call& c) { return justified(c, true, false); }
Val center(const Call& c) { return justified(c, true, true); }

Val translate(const Call& c) {
  if (c.args[0].kind != Kind::string || c.args[1].kind != Kind::string)
    return c.machine.wrong_type("String", c.args[0]);
  const CharacterSet from(c.args[0].text());
  const CharacterSet to(c.args[1].text(), false);
  const std::string_view subject = c.self.text();
  Text text(c.machine);
  std::string encoded;
  for (std::size_t at = 0; at < subject.size();) {
    bool valid = false;
    const std::size_t size = character_size(subject.substr(at), valid);
    const std::uint32_t code = decode(subject.substr(at, size));
    std::uint32_t put = code;
    if (!from.has(code)) {
      text.append(subject.substr(at, size));
    } else if (to.at(from.negated() ? 0xffff'ffff : from.place(code), put)) {
      encoded.clear();
      append_utf8(encoded, put);
      text.append(encoded);
    }
    at += size;
  }
  return text.value();
}

/// Calls `visit(character, is in all sets)`.
template <class F>
bool by_sets(const Call& c, F&& visit) {
  std::vector<CharacterSet> sets;
  for (const Val& spec : c.args) {
    if (spec.kind != Kind::string) {
      c.machine.wrong_type("String", spec);
      return false;
    }
    sets.emplace_back(spec.text());
  }
  const std::string_view subject = c.self.text();
  for (std::size_t at = 0; at < subject.size();) {
    bool valid = false;
    const std::size_t size = character_size(subject.substr(at), valid);
    const std::uint32_t code = decode(subject.substr(at, size));
    visit(subject.substr(at, size), std::all_of(sets.begin(), sets.end(), [&](auto& set) { return set.has(code); }));
    at += size;
  }
  return true;
}

Val remove(const Call& c) {
  Text text(c.machine);
  const bool ok = by_sets(c, [&](std::string_view character, bool in) {
    if (!in) text.append(character);
  });
  return ok ? text.value() : Val::failed();
}
Val squeeze(const Call& c) {
  Text text(c.machine);
  std::string_view last;
  const bool ok = by_sets(c, [&](std::string_view character, bool in) {
    if (!in || character != last) text.append(character);
    last = character;
  });
  return ok ? text.value() : Val::failed();
}
Val count(const Call& c) {
  std::int64_t found = 0;
  const bool ok = by_sets(c, [&](std::string_view, bool in) { found += in ? 1 : 0; });
  return ok ? Val::of(found) : Val::failed();
}

Val scrub(const Call& c) {
  const Val with = c.arg(0, Val::of(std::string_view("\xef\xbf\xbd")));
  if (with.kind != Kind::string) return c.machine.wrong_type("String", with);
  if (is_ascii(c.self.text())) return c.self;
  Text text(c.machine);
  by_sets({c.machine, c.node, c.self, {}}, [&](std::string_view character, bool) {
    bool valid = false;
    character_size(character, valid);
    text.append(valid ? character : with.text());
  });
  return text.value();
}

/// Texts are UTF-8 here; `encode` mends what is not if it is told to.
Val encode(const Call& c) {
  Val options;
  for (const Val& arg : c.args) {
    if (arg.kind == Kind::hash) {
      options = arg;
    } else if (arg.kind != Kind::string || (arg.text() != "UTF-8" && arg.text() != "utf-8")) {
      if (&arg == c.args.data()) return c.machine.fail("texts can be encoded as UTF-8 only");
    }
  }
  if (options.is_nil()) return c.self;
  const Val invalid = c.machine.lookup(options, Val::of(std::string_view("invalid"), Kind::symbol));
  if (invalid.is_nil()) return c.self;
  const Val with = c.machine.lookup(options, Val::of(std::string_view("replace"), Kind::symbol));
  return scrub({c.machine, c.node, c.self, std::span(&with, with.kind == Kind::string ? 1U : 0U)});
}
Val self(const Call& c) { return c.self; }
Val is_valid(const Call& c) {
  bool all = true;
  by_sets({c.machine, c.node, c.self, {}}, [&](std::string_view character, bool) {
    bool valid = false;
    character_size(character, valid);
    all = all && valid;
  });
  return Val::of(all);
}
Val all_ascii(const Call& c) { return Val::of(is_ascii(c.self.text())); }

Val folded(const Call& c, const Val& other, bool& ok) {
  ok = other.kind == Kind::string;
  return ok ? downcase({c.machine, c.node, other, {}}) : c.machine.wrong_type("String", other);
}
Val is_same_folded(const Call& c) {
  bool ok = false;
  const Val other = folded(c, c.args[0], ok);
  return ok ? Val::of(downcase(c).text() == other.text()) : other;
}
Val compare_folded(const Call& c) {
  bool ok = false;
  const Val other = folded(c, c.args[0], ok);
  if (!ok) return other;
  return Val::of(std::int64_t{*c.machine.compare(downcase(c), other)});
}

constexpr std::uint32_t strings = bit(Kind::string);

constexpr Entry entries[] = {
    {"upcase", text_kinds, 0, 0, upcase},
    {"downcase", text_kinds, 0, 0, downcase},
    {"swapcase", text_kinds, 0, 0, swapcase},
    {"capitalize", text_kinds, 0, 0, capitalize},
    {"strip", strings, 0, 0, strip_both},
    {"lstrip", strings, 0, 0, lstrip},
    {"rstrip", strings, 0, 0, rstrip},
    {"chomp", strings, 0, 1, chomp},
    {"chop", strings, 0, 0, chop},
    {"reverse", strings, 0, 0, reverse},
    {"length", text_kinds, 0, 0, length},
    {"size", text_kinds, 0, 0, length},
    {"bytesize", strings, 0, 0, bytesize},
    {"empty?", text_kinds, 0, 0, is_empty},
    {"to_i", strings, 0, 1, to_i},
    {"to_f", strings, 0, 0, to_f},
    {"to_sym", text_kinds, 0, 0, to_sym},
    {"intern", text_kinds, 0, 0, to_sym},
    {"to_str", strings, 0, 0, self},
    {"hex", strings, 0, 0, hex},
    {"oct", strings, 0, 0, oct},
    {"ord", strings, 0, 0, ord},
    {"+", strings, 1, 1, plus},
    {"<<", strings, 1, 1, plus},
    {"concat", strings, 0, 8, concat},
    {"prepend", strings, 1, 1, prepend},
    {"*", strings, 1, 1, times},
    {"%", strings, 1, 1, format},
    {"ljust", strings, 1, 2, ljust},
    {"rjust", strings, 1, 2, rjust},
    {"center", strings, 1, 2, center},
    {"tr", strings, 2, 2, translate},
    {"delete", strings, 1, 4, remove},
    {"squeeze", strings, 0, 4, squeeze},
    {"count", strings, 1, 4, count},
    {"scrub", strings, 0, 1, scrub},
    {"encode", strings, 0, 3, encode},
    {"force_encoding", strings, 1, 1, self},
    {"valid_encoding?", strings, 0, 0, is_valid},
    {"ascii_only?", strings, 0, 0, all_ascii},
    {"casecmp?", strings, 1, 1, is_same_folded},
    {"casecmp", strings, 1, 1, compare_folded},
};

}  // namespace

std::span<const Entry> string_methods() { return entries; }

}  // namespace logboom::expression
