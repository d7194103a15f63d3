/// Methods of arrays and hashes that number their elements, put them together otherwise, or make one value of all.
#include <algorithm>

#include "base/expression_machine.hpp"

namespace logboom::expression {
namespace {

/// Each element is compared with each group.
constexpr std::size_t most_groups = 1000;

Val array_of(const Call& c, const std::vector<Val>& items) { return Val::of(c.machine.arena().copy(items)); }

/// Without a block: pairs of element and number. `map.with_index(1) { … }` is read as `each_with_index(1).map { … }`.
Val each_with_index(const Call& c) {
  const Val first = c.arg(0, Val::of(std::int64_t{0}));
  if (first.kind != Kind::integer) return c.machine.wrong_type("Integer", first);
  std::vector<Val> pairs;
  for (const Val& item : items_of(c)) {
    if (!c.machine.has_room(4 * sizeof(Val))) return Val::failed();
    pairs.push_back(array_of(c, {item, Val::of(first.integer + static_cast<std::int64_t>(pairs.size()))}));
  }
  return array_of(c, pairs);
}

Val inject(const Call& c) {
  std::vector<Val> items = items_of(c);
  const Method* method = nullptr;
  std::size_t initial = c.args.size();
  if (!c.has_block()) {
    if (c.args.empty() || !c.args.back().is_text()) return c.machine.fail("inject needs a block or an operator's name");
    method = find_method(c.args.back().text());
    if (method == nullptr) return c.machine.no_method(c.args.back().text(), items.empty() ? Val() : items[0]);
    --initial;
  }
  if (initial > 1) return c.machine.fail("wrong number of arguments for 'inject'");
  if (initial == 1) items.insert(items.begin(), c.args[0]);
  if (items.empty()) return {};
  Val total = items[0];
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (method == nullptr) {
      const Val both[] = {total, items[i]};
      total = c.machine.call_block(c, std::span(both));
    } else {
      const Entry* entry = method->by_kind[static_cast<std::size_t>(total.kind)];
      if (entry == nullptr) return c.machine.no_method(method->name, total);
      if (entry->least > 1 || entry->most < 1 || entry->block == Block::must) {
        return c.machine.fail("inject can't use '" + method->name + "'");
      }
      total = entry->function({c.machine, c.node, total, std::span(&items[i], 1)});
    }
    if (total.is_error() || !c.machine.has_room(0)) return Val::failed();
  }
  return total;
}

/// Calls `visit(element, block's value)` until that is false. False where a block failed.
template <class F>
bool for_each(const Call& c, F&& visit) {
  for (const Val& item : items_of(c)) {
    const Val value = c.machine.call_block(c, item);
    if (value.is_error() || !c.machine.has_room(0)) return false;
    if (!visit(item, value)) break;
  }
  return true;
}

Val group_by(const Call& c) {
  std::vector<std::pair<Val, std::vector<Val>>> groups;
  const bool ok = for_each(c, [&](const Val& item, const Val& key) {
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return c.machine.equal(group.first, key); });
    (same == groups.end() ? groups.emplace_back(key, std::vector<Val>()) : *same).second.push_back(item);
    return groups.size() <= most_groups;
  });
  if (!ok) return Val::failed();
  if (groups.size() > most_groups) return c.machine.fail("group_by makes 1000 groups at most");
  HashBuilder builder(c.machine);
  for (const auto& [key, items] : groups) builder.add(key, array_of(c, items));
  return builder.value();
}

Val partition(const Call& c) {
  std::vector<Val> yes, no;
  const bool ok =
      for_each(c, [&](const Val& item, const Val& value) { return (value.truthy() ? yes : no).push_back(item), true; });
  return ok ? array_of(c, {array_of(c, yes), array_of(c, no)}) : Val::failed();
}

Val take_while(const Call& c) {
  std::vector<Val> taken;
  const bool ok = for_each(c, [&](const Val& item, const Val& value) {
    if (value.truthy()) taken.push_back(item);
    return value.truthy();
  });
  return ok ? array_of(c, taken) : Val::failed();
}

Val drop_while(const Call& c) {
  std::size_t dropped = 0;
  const bool ok = for_each(c, [&](const Val&, const Val& value) {
    dropped += value.truthy() ? 1U : 0U;
    return value.truthy();
  });
  if (!ok) return Val::failed();
  std::vector<Val> items = items_of(c);
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(dropped));
  return array_of(c, items);
}

Val tally(const Call& c) {
  std::vector<std::pair<Val, std::int64_t>> counts;
  for (const Val& item : items_of(c)) {
    if (counts.size() > most_groups) return c.machine.fail("tally counts 1000 different elements at most");
    const auto same = std::find_if(counts.begin(), counts.end(),
                                   [&](const auto& known) { return c.machine.equal(known.first, item); });
    same == counts.end() ? counts.emplace_back(item, 1).second : ++same->second;
  }
  HashBuilder builder(c.machine);
  for (const auto& [item, count] : counts) builder.add(item, Val::of(count));
  return builder.value();
}

Val zip(const Call& c) {
  std::vector<std::span<const Val>> others;
  for (const Val& other : c.args) {
    if (other.kind != Kind::array) return c.machine.wrong_type("Array", other);
    others.push_back(c.machine.elements(other));
  }
  std::vector<Val> rows;
  for (const Val& item : items_of(c)) {
    if (!c.machine.has_room((others.size() + 2) * sizeof(Val))) return Val::failed();
    std::vector<Val> row{item};
    for (const auto& other : others) row.push_back(rows.size() < other.size() ? other[rows.size()] : Val());
    rows.push_back(array_of(c, row));
  }
  return array_of(c, rows);
}

/// Runs of `size` elements, each beginning `step` behind the one before it.
Val runs(const Call& c, bool overlap) {
  if (c.args[0].kind != Kind::integer) return c.machine.wrong_type("Integer", c.args[0]);
  if (c.args[0].integer < 1) return c.machine.fail(overlap ? "invalid size" : "invalid slice size");
  const std::vector<Val> items = items_of(c);
  const auto size = static_cast<std::size_t>(c.args[0].integer);
  std::vector<Val> made;
  for (std::size_t at = 0; at < items.size() && !(overlap && size > items.size() - at); at += overlap ? 1 : size) {
    const std::size_t end = at + std::min(size, items.size() - at);
    if (!c.machine.has_room(end - at + 1, sizeof(Val))) return Val::failed();
    made.push_back(array_of(
        c, {items.begin() + static_cast<std::ptrdiff_t>(at), items.begin() + static_cast<std::ptrdiff_t>(end)}));
  }
  return array_of(c, made);
}
Val each_slice(const Call& c) { return runs(c, false); }
Val each_cons(const Call& c) { return runs(c, true); }

Val minmax(const Call& c) {
  const std::vector<Val> items = items_of(c);
  if (items.empty()) return array_of(c, {Val(), Val()});
  Val least = items[0];
  Val most = items[0];
  for (const Val& item : items) {
    const auto low = c.machine.compare(item, least);
    const auto high = c.machine.compare(item, most);
    if (!low || !high) return c.machine.fail("comparison of " + std::string(c.machine.class_name(item)) + " failed");
    if (*low < 0) least = item;
    if (*high > 0) most = item;
  }
  return array_of(c, {least, most});
}

constexpr std::uint32_t arrays = bit(Kind::array);
constexpr std::uint32_t both = arrays | bit(Kind::hash);

constexpr Entry entries[] = {
    {"each_with_index", both, 0, 1, each_with_index},
    {"inject", both, 0, 2, inject, Block::may},
    {"reduce", both, 0, 2, inject, Block::may},
    {"group_by", both, 0, 0, group_by, Block::must},
    {"partition", both, 0, 0, partition, Block::must},
    {"take_while", both, 0, 0, take_while, Block::must},
    {"drop_while", both, 0, 0, drop_while, Block::must},
    {"tally", both, 0, 0, tally},
    {"zip", arrays, 1, 8, zip},
    {"each_slice", both, 1, 1, each_slice},
    {"each_cons", both, 1, 1, each_cons},
    {"minmax", arrays, 0, 0, minmax},
};

}  // namespace

std::span<const Entry> group_methods() { return entries; }

}  // namespace logboom::expression
