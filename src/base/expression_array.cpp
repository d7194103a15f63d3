#include <algorithm>

#include "base/expression_machine.hpp"
#include "base/expression_range.hpp"

namespace logboom::expression {
namespace {

using Vals = std::vector<Val>;

Val made(const Call& c, const Vals& items) {
  return c.machine.has_room(items.size(), sizeof(Val)) ? Val::of(c.machine.arena().copy(items)) : Val::failed();
}

/// Comparing each with each must not take for ever.
bool few_enough(const Call& c, std::size_t a, std::size_t b) {
  constexpr std::size_t most = 1'000'000;
  if (a * b <= most) return true;
  c.machine.fail("too many elements to compare");
  return false;
}

Val size(const Call& c) {
  return Val::of(static_cast<std::int64_t>(c.self.packed ? c.self.value().count() : c.self.size));
}
Val is_empty(const Call& c) { return Val::of((c.self.packed ? c.self.value().count() : c.self.size) == 0); }

Val at(const Call& c) {
  const auto items = c.machine.elements(c.self);
  Slice cut;
  if (!slice_of(c.machine, c.args[0], c.args.size() > 1 ? &c.args[1] : nullptr, items.size(), cut))
    return Val::failed();
  const bool single = c.args[0].kind == Kind::integer && c.args.size() == 1;
  if (!cut.found || (single && cut.begin == items.size())) return {};
  return single ? items[cut.begin] : Val::of(items.subspan(cut.begin, cut.size));
}

Val fetch(const Call& c) {
  const auto items = c.machine.elements(c.self);
  if (c.args[0].kind != Kind::integer) return c.machine.wrong_type("Integer", c.args[0]);
  const auto count = static_cast<std::int64_t>(items.size());
  const std::int64_t index = c.args[0].integer < 0 ? c.args[0].integer + count : c.args[0].integer;
  if (index >= 0 && index < count) return items[static_cast<std::size_t>(index)];
  if (c.args.size() > 1) return c.args[1];
  return c.machine.fail("index " + std::to_string(c.args[0].integer) + " outside of array bounds");
}

/// first, last, take: one element, or so many of them.
bool count_of(const Call& c, std::size_t most, std::size_t& count) {
  const Val& wanted = c.args[0];
  if (wanted.kind != Kind::integer) return c.machine.wrong_type("Integer", wanted), false;
  if (wanted.integer < 0) return c.machine.fail("negative array size"), false;
  count = static_cast<std::size_t>(std::min(static_cast<std::uint64_t>(wanted.integer), std::uint64_t{most}));
  return true;
}
Val first(const Call& c) {
  const auto items = c.machine.elements(c.self);
  if (c.args.empty()) return items.empty() ? Val() : items.front();
  std::size_t count = 0;
  return count_of(c, items.size(), count) ? Val::of(items.first(count)) : Val::failed();
}
Val last(const Call& c) {
  const auto items = c.machine.elements(c.self);
  if (c.args.empty()) return items.empty() ? Val() : items.back();
  std::size_t count = 0;
  return count_of(c, items.size(), count) ? Val::of(items.last(count)) : Val::failed();
}
Val drop(const Call& c) {
  const auto items = c.machine.elements(c.self);
  std::size_t count = 0;
  return count_of(c, items.size(), count) ? Val::of(items.subspan(count)) : Val::failed();
}

Val includes(const Call& c) {
  const auto items = c.machine.elements(c.self);
  return Val::of(std::any_of(items.begin(), items.end(), [&](const Val& v) { return c.machine.equal(v, c.args[0]); }));
}
Val index(const Call& c) {
  const auto items = c.machine.elements(c.self);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (c.machine.equal(items[i], c.args[0])) return Val::of(static_cast<std::int64_t>(i));
  }
  return {};
}

bool join_into(Machine& m, const Val& array, std::string_view separator, Text& text, unsigned depth) {
  bool first = true;
  for (const Val& item : m.elements(array)) {
    if (!m.has_room(0)) return false;
    if (!std::exchange(first, false)) text.append(separator);
    if (item.kind == Kind::array && depth < most_nesting) {
      if (!join_into(m, item, separator, text, depth + 1)) return false;
    } else {
      text.append(m.to_s(item));
    }
  }
  return true;
}
Val join(const Call& c) {
  const Val separator = c.arg(0, Val::of(std::string_view("")));
  if (!separator.is_nil() && separator.kind != Kind::string) return c.machine.wrong_type("String", separator);
  Text text(c.machine);
  const bool ok = join_into(c.machine, c.self, separator.is_nil() ? std::string_view() : separator.text(), text, 0);
  return ok ? text.value() : Val::failed();
}

Val compact(const Call& c) {
  Vals kept;
  for (const Val& item : c.machine.elements(c.self)) {
    if (!item.is_nil()) kept.push_back(item);
  }
  return made(c, kept);
}

Val reverse(const Call& c) {
  const auto items = c.machine.elements(c.self);
  return made(c, Vals(items.rbegin(), items.rend()));
}

Val uniq(const Call& c) {
  const auto items = c.machine.elements(c.self);
  if (!few_enough(c, items.size(), items.size())) return Val::failed();
  Vals kept;
  for (const Val& item : items) {
    if (std::none_of(kept.begin(), kept.end(), [&](const Val& v) { return c.machine.equal(v, item); }))
      kept.push_back(item);
  }
  return made(c, kept);
}

void flatten_into(Machine& m, const Val& array, std::int64_t levels, unsigned depth, Vals& out) {
  for (const Val& item : m.elements(array)) {
    if (item.kind == Kind::array && levels != 0 && depth < most_nesting) {
      flatten_into(m, item, levels - 1, depth + 1, out);
    } else {
      out.push_back(item);
    }
  }
}
Val flatten(const Call& c) {
  const Val levels = c.arg(0, Val::of(std::int64_t{-1}));
  if (levels.kind != Kind::integer) return c.machine.wrong_type("Integer", levels);
  Vals flat;
  flatten_into(c.machine, c.self, std::max<std::int64_t>(levels.integer, -1), 0, flat);
  return made(c, flat);
}

Val plus(const Call& c) {
  if (c.args[0].kind != Kind::array) return c.machine.wrong_type("Array", c.args[0]);
  const auto left = c.machine.elements(c.self);
  const auto right = c.machine.elements(c.args[0]);
  Vals all(left.begin(), left.end());
  all.insert(all.end(), right.begin(), right.end());
  return made(c, all);
}
Val append(const Call& c) {
  const auto left = c.machine.elements(c.self);
  Vals all(left.begin(), left.end());
  all.push_back(c.args[0]);
  return made(c, all);
}

Val without(const Call& c, bool keep_common) {
  if (c.args[0].kind != Kind::array) return c.machine.wrong_type("Array", c.args[0]);
  const auto left = c.machine.elements(c.self);
  const auto right = c.machine.elements(c.args[0]);
  if (!few_enough(c, left.size(), right.size())) return Val::failed();
  Vals kept;
  for (const Val& item : left) {
    const bool common = std::any_of(right.begin(), right.end(), [&](const Val& v) { return c.machine.equal(v, item); });
    if (common == keep_common) kept.push_back(item);
  }
  return made(c, kept);
}
Val minus(const Call& c) { return without(c, false); }
Val common(const Call& c) {
  const Val kept = without(c, true);
  return kept.is_error() ? kept : uniq({c.machine, c.node, kept, {}});
}
Val unite(const Call& c) {
  const Val all = plus(c);
  return all.is_error() ? all : uniq({c.machine, c.node, all, {}});
}

Val times(const Call& c) {
  if (c.args[0].kind == Kind::string) return join(c);
  if (c.args[0].kind != Kind::integer || c.args[0].integer < 0) return c.machine.wrong_type("Integer", c.args[0]);
  const auto items = c.machine.elements(c.self);
  const auto count = static_cast<std::size_t>(c.args[0].integer);
  if (items.empty()) return c.self;
  if (!c.machine.has_room(count, items.size() * sizeof(Val))) return Val::failed();
  Vals all;
  for (std::size_t i = 0; i < count; ++i) all.insert(all.end(), items.begin(), items.end());
  return made(c, all);
}

/// A sort that notices values that can't be compared.
bool sorted(const Call& c, Vals& items) {
  bool comparable = true;
  for (std::size_t i = 1; i < items.size() && comparable; ++i)
    comparable = c.machine.compare(items[0], items[i]).has_value();
  if (!comparable)
    return c.machine.fail("comparison of " + std::string(c.machine.class_name(items[0])) + " failed"), false;
  // What can be compared with the first need not be comparable with all; such pairs count as equal.
  std::stable_sort(items.begin(), items.end(),
                   [&](const Val& a, const Val& b) { return c.machine.compare(a, b).value_or(0) < 0; });
  return true;
}
Val sort(const Call& c) {
  const auto from = c.machine.elements(c.self);
  Vals items(from.begin(), from.end());
  return sorted(c, items) ? made(c, items) : Val::failed();
}
Val extreme(const Call& c, int wanted) {
  const auto items = c.machine.elements(c.self);
  if (items.empty()) return {};
  Val best = items[0];
  for (const Val& item : items) {
    const auto result = c.machine.compare(item, best);
    if (!result) return c.machine.fail("comparison of " + std::string(c.machine.class_name(item)) + " failed");
    if (*result == wanted) best = item;
  }
  return best;
}
Val min(const Call& c) { return extreme(c, -1); }
Val max(const Call& c) { return extreme(c, 1); }

Val dig_on(Machine& m, const Val& from, const Val& key, bool& ok) {
  ok = true;
  if (from.is_nil()) return from;
  if (from.kind == Kind::hash) return m.lookup(from, key);
  if (from.kind == Kind::array) {
    if (key.kind != Kind::integer) return ok = false, m.wrong_type("Integer", key);
    const auto items = m.elements(from);
    const auto count = static_cast<std::int64_t>(items.size());
    const std::int64_t index = key.integer < 0 ? key.integer + count : key.integer;
    return index < 0 || index >= count ? Val() : items[static_cast<std::size_t>(index)];
  }
  ok = false;
  return m.fail(std::string(m.class_name(from)) + " does not have #dig method");
}
Val dig(const Call& c) {
  Val value = c.self;
  for (const Val& key : c.args) {
    bool ok = false;
    value = dig_on(c.machine, value, key, ok);
    if (!ok) return value;
  }
  return value;
}

Val values_at(const Call& c) {
  Vals found;
  for (const Val& key : c.args) {
    bool ok = false;
    found.push_back(dig_on(c.machine, c.self, key, ok));
    if (!ok) return Val::failed();
  }
  return made(c, found);
}

Val self(const Call& c) { return c.self; }

constexpr std::uint32_t arrays = bit(Kind::array);

constexpr Entry entries[] = {
    {"size", arrays, 0, 0, size},
    {"length", arrays, 0, 0, size},
    {"empty?", arrays, 0, 0, is_empty},
    {"[]", arrays, 1, 2, at},
    {"slice", arrays, 1, 2, at},
    {"at", arrays, 1, 1, at},
    {"fetch", arrays, 1, 2, fetch},
    {"first", arrays, 0, 1, first},
    {"take", arrays, 1, 1, first},
    {"last", arrays, 0, 1, last},
    {"drop", arrays, 1, 1, drop},
    {"include?", arrays, 1, 1, includes},
    {"member?", arrays, 1, 1, includes},
    {"index", arrays, 1, 1, index},
    {"find_index", arrays, 1, 1, index},
    {"join", arrays, 0, 1, join},
    {"compact", arrays, 0, 0, compact},
    {"reverse", arrays, 0, 0, reverse},
    {"uniq", arrays, 0, 0, uniq},
    {"flatten", arrays, 0, 1, flatten},
    {"+", arrays, 1, 1, plus},
    {"<<", arrays, 1, 1, append},
    {"-", arrays, 1, 1, minus},
    {"&", arrays, 1, 1, common},
    {"|", arrays, 1, 1, unite},
    {"*", arrays, 1, 1, times},
    {"sort", arrays, 0, 0, sort},
    {"min", arrays, 0, 0, min},
    {"max", arrays, 0, 0, max},
    {"dig", arrays | bit(Kind::hash), 1, 32, dig},
    {"values_at", arrays | bit(Kind::hash), 0, 32, values_at},
    {"to_a", arrays, 0, 0, self},
    {"to_ary", arrays, 0, 0, self},
};

}  // namespace

std::span<const Entry> array_methods() { return entries; }

}  // namespace logboom::expression
