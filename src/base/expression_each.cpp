/// Methods of arrays and hashes that call a block for each element or pair.
#include <algorithm>

#include "base/expression_machine.hpp"

namespace logboom::expression {

std::vector<Val> items_of(const Call& c) {
  std::vector<Val> items;
  if (c.self.kind == Kind::array) {
    const auto from = c.machine.elements(c.self);
    items.assign(from.begin(), from.end());
    return items;
  }
  for (const Pair& pair : c.machine.pairs(c.self)) {
    const std::span<Val> both = c.machine.arena().make<Val>(2);
    both[0] = pair.key;
    both[1] = pair.value;
    items.push_back(Val::of(std::span<const Val>(both)));
  }
  return items;
}

namespace {

/// Calls `visit(block's value, element or pair as one value, index)` until that is false. False where a block failed.
template <class F>
bool for_each(const Call& c, F&& visit) {
  Machine& m = c.machine;
  if (c.self.kind == Kind::array) {
    const auto items = m.elements(c.self);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Val value = m.call_block(c, items[i]);
      if (value.is_error() || !m.has_room(0)) return false;
      if (!visit(value, i)) break;
    }
    return true;
  }
  const auto pairs = m.pairs(c.self);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Val value = m.call_block(c, pairs[i]);
    if (value.is_error() || !m.has_room(0)) return false;
    if (!visit(value, i)) break;
  }
  return true;
}

Val made(const Call& c, const std::vector<Val>& items) { return Val::of(c.machine.arena().copy(items)); }

Val map(const Call& c) {
  std::vector<Val> results;
  const bool ok = for_each(c, [&](const Val& value, std::size_t) { return results.push_back(value), true; });
  return ok ? made(c, results) : Val::failed();
}
Val flat_map(const Call& c) {
  std::vector<Val> results;
  const bool ok = for_each(c, [&](const Val& value, std::size_t) {
    if (value.kind != Kind::array) return results.push_back(value), true;
    const auto items = c.machine.elements(value);
    results.insert(results.end(), items.begin(), items.end());
    return true;
  });
  return ok ? made(c, results) : Val::failed();
}
Val filter_map(const Call& c) {
  std::vector<Val> results;
  const bool ok = for_each(c, [&](const Val& value, std::size_t) {
    if (value.truthy()) results.push_back(value);
    return true;
  });
  return ok ? made(c, results) : Val::failed();
}

/// select and reject. Unlike all others, they give a block of one parameter the key of a pair.
Val selected(const Call& c, bool wanted) {
  std::vector<std::size_t> kept;
  const auto keep = [&](const Val& value, std::size_t i) {
    if (value.is_error() || !c.machine.has_room(0)) return false;
    if (value.truthy() == wanted) kept.push_back(i);
    return true;
  };
  if (c.self.kind == Kind::hash) {
    std::size_t i = 0;
    for (const Pair& pair : c.machine.pairs(c.self)) {
      const Val both[] = {pair.key, pair.value};
      if (!keep(c.machine.call_block(c, std::span(both)), i++)) return Val::failed();
    }
  } else if (!for_each(c, keep)) {
    return Val::failed();
  }
  if (c.self.kind == Kind::array) {
    const auto items = c.machine.elements(c.self);
    const std::span<Val> made = c.machine.arena().make<Val>(kept.size());
    std::transform(kept.begin(), kept.end(), made.begin(), [&](std::size_t i) { return items[i]; });
    return Val::of(std::span<const Val>(made));
  }
  const auto pairs = c.machine.pairs(c.self);
  const std::span<Pair> made = c.machine.arena().make<Pair>(kept.size());
  std::transform(kept.begin(), kept.end(), made.begin(), [&](std::size_t i) { return pairs[i]; });
  return Val::of(std::span<const Pair>(made));
}
Val select(const Call& c) { return selected(c, true); }
Val reject(const Call& c) { return selected(c, false); }

Val find(const Call& c) {
  std::size_t place = 0;
  bool found = false;
  const bool ok = for_each(c, [&](const Val& value, std::size_t i) {
    place = i;
    found = value.truthy();
    return !found;
  });
  if (!ok) return Val::failed();
  return found ? items_of(c)[place] : Val();
}

/// How many blocks are true, up to a limit. Without a block the elements themselves count.
bool count_true(const Call& c, bool wanted, std::size_t stop_at, std::size_t& count) {
  count = 0;
  if (c.has_block()) {
    return for_each(c, [&](const Val& value, std::size_t) {
      count += value.truthy() == wanted ? 1U : 0U;
      return count < stop_at;
    });
  }
  for (const Val& item : items_of(c)) {
    const bool truth = c.args.empty() ? item.truthy() : c.machine.case_equal(c.args[0], item);
    count += truth == wanted ? 1U : 0U;
  }
  return true;
}
Val any(const Call& c) {
  std::size_t count = 0;
  return count_true(c, true, 1, count) ? Val::of(count > 0) : Val::failed();
}
Val all(const Call& c) {
  std::size_t count = 0;
  return count_true(c, false, 1, count) ? Val::of(count == 0) : Val::failed();
}
Val none(const Call& c) {
  std::size_t count = 0;
  return count_true(c, true, 1, count) ? Val::of(count == 0) : Val::failed();
}
Val count(const Call& c) {
  std::size_t found = 0;
  if (!c.has_block() && c.args.empty()) return Val::of(static_cast<std::int64_t>(items_of(c).size()));
  if (!c.has_block()) {
    for (const Val& item : items_of(c)) found += c.machine.equal(item, c.args[0]) ? 1U : 0U;
    return Val::of(static_cast<std::int64_t>(found));
  }
  return count_true(c, true, most_memory, found) ? Val::of(static_cast<std::int64_t>(found)) : Val::failed();
}

bool add_pair(const Call& c, HashBuilder& builder, const Val& pair) {
  const auto both = pair.kind == Kind::array ? c.machine.elements(pair) : std::span<const Val>();
  if (both.size() == 2) return builder.add(both[0], both[1]), true;
  c.machine.fail("wrong element type " + std::string(c.machine.class_name(pair)) + " (expected array)");
  return false;
}
Val to_h(const Call& c) {
  if (!c.has_block() && c.self.kind == Kind::hash) return c.self;
  HashBuilder builder(c.machine);
  if (c.has_block()) {
    bool pairs_only = true;
    const bool ok =
        for_each(c, [&](const Val& value, std::size_t) { return pairs_only = add_pair(c, builder, value); });
    return ok && pairs_only ? builder.value() : Val::failed();
  }
  for (const Val& pair : c.machine.elements(c.self)) {
    if (!add_pair(c, builder, pair)) return Val::failed();
  }
  return builder.value();
}

Val transformed(const Call& c, bool keys) {
  HashBuilder builder(c.machine);
  for (const Pair& pair : c.machine.pairs(c.self)) {
    const Val value = c.machine.call_block(c, keys ? pair.key : pair.value);
    if (value.is_error() || !c.machine.has_room(0)) return Val::failed();
    builder.add(keys ? value : pair.key, keys ? pair.value : value);
  }
  return builder.value();
}
Val transform_values(const Call& c) { return transformed(c, false); }
Val transform_keys(const Call& c) { return transformed(c, true); }

Val sum(const Call& c) {
  const std::vector<Val> items = c.has_block() ? std::vector<Val>() : items_of(c);
  Val total = c.arg(0, Val::of(std::int64_t{0}));
  static const Method* const plus = find_method("+");
  const auto add = [&](const Val& value) {
    const Entry* entry = plus->by_kind[static_cast<std::size_t>(total.kind)];
    total = entry == nullptr ? c.machine.no_method("+", total)
                             : entry->function({c.machine, c.node, total, std::span(&value, 1)});
    return !total.is_error() && c.machine.has_room(0);
  };
  if (c.has_block()) {
    bool added = true;
    const bool ok = for_each(c, [&](const Val& value, std::size_t) { return added = add(value); });
    return ok && added ? total : Val::failed();
  }
  for (const Val& item : items) {
    if (!add(item)) return Val::failed();
  }
  return total;
}

/// sort_by, min_by and max_by.
bool keyed(const Call& c, std::vector<std::pair<Val, std::size_t>>& keys) {
  const bool ok = for_each(c, [&](const Val& value, std::size_t i) { return keys.emplace_back(value, i), true; });
  if (!ok) return false;
  for (const auto& [key, place] : keys) {
    if (!c.machine.compare(keys[0].first, key)) {
      c.machine.fail("comparison of " + std::string(c.machine.class_name(key)) + " failed");
      return false;
    }
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [&](const auto& a, const auto& b) { return c.machine.compare(a.first, b.first).value_or(0) < 0; });
  return true;
}
Val sort_by(const Call& c) {
  std::vector<std::pair<Val, std::size_t>> keys;
  if (!keyed(c, keys)) return Val::failed();
  const std::vector<Val> items = items_of(c);
  std::vector<Val> sorted;
  for (const auto& [key, place] : keys) sorted.push_back(items[place]);
  return made(c, sorted);
}
Val best_by(const Call& c, bool highest) {
  std::vector<std::pair<Val, std::size_t>> keys;
  if (!keyed(c, keys)) return Val::failed();
  return keys.empty() ? Val() : items_of(c)[highest ? keys.back().second : keys.front().second];
}
Val min_by(const Call& c) { return best_by(c, false); }
Val max_by(const Call& c) { return best_by(c, true); }

constexpr std::uint32_t both = bit(Kind::array) | bit(Kind::hash);

constexpr Entry entries[] = {
    {"map", both, 0, 0, map, Block::must},
    {"collect", both, 0, 0, map, Block::must},
    {"flat_map", both, 0, 0, flat_map, Block::must},
    {"filter_map", both, 0, 0, filter_map, Block::must},
    {"select", both, 0, 0, select, Block::must},
    {"filter", both, 0, 0, select, Block::must},
    {"reject", both, 0, 0, reject, Block::must},
    {"find", both, 0, 0, find, Block::must},
    {"detect", both, 0, 0, find, Block::must},
    {"any?", both, 0, 1, any, Block::may},
    {"all?", both, 0, 1, all, Block::may},
    {"none?", both, 0, 1, none, Block::may},
    {"count", both, 0, 1, count, Block::may},
    {"to_h", both, 0, 0, to_h, Block::may},
    {"transform_values", bit(Kind::hash), 0, 0, transform_values, Block::must},
    {"transform_keys", bit(Kind::hash), 0, 0, transform_keys, Block::must},
    {"sum", both, 0, 1, sum, Block::may},
    {"sort_by", both, 0, 0, sort_by, Block::must},
    {"min_by", both, 0, 0, min_by, Block::must},
    {"max_by", both, 0, 0, max_by, Block::must},
};

}  // namespace

std::span<const Entry> each_methods() { return entries; }

}  // namespace logboom::expression
