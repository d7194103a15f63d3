#include <algorithm>

#include "base/expression_machine.hpp"

namespace logboom::expression {
namespace {

/// Whether the hash has the key; nil may be its value.
const Pair* find_pair(Machine& m, std::span<const Pair> pairs, const Val& key) {
  const Pair* found = nullptr;
  for (const Pair& pair : pairs) {
    if (pair.key.kind == key.kind && m.equal(pair.key, key)) found = &pair;
  }
  return found;
}

Val size(const Call& c) {
  return Val::of(static_cast<std::int64_t>(c.self.packed ? c.self.value().count() : c.self.size));
}
Val is_empty(const Call& c) { return Val::of((c.self.packed ? c.self.value().count() : c.self.size) == 0); }
Val at(const Call& c) { return c.machine.lookup(c.self, c.args[0]); }
Val has_key(const Call& c) { return Val::of(find_pair(c.machine, c.machine.pairs(c.self), c.args[0]) != nullptr); }

Val fetch(const Call& c) {
  const Pair* pair = find_pair(c.machine, c.machine.pairs(c.self), c.args[0]);
  if (pair != nullptr) return pair->value;
  if (c.has_block()) return c.machine.call_block(c, c.args[0]);
  if (c.args.size() > 1) return c.args[1];
  return c.machine.fail("key not found: " + std::string(c.machine.inspect(c.args[0])));
}

Val column(const Call& c, Val Pair::*member) {
  const auto pairs = c.machine.pairs(c.self);
  const std::span<Val> items = c.machine.arena().make<Val>(pairs.size());
  std::transform(pairs.begin(), pairs.end(), items.begin(), [&](const Pair& pair) { return pair.*member; });
  return Val::of(std::span<const Val>(items));
}
Val keys(const Call& c) { return column(c, &Pair::key); }
Val values(const Call& c) { return column(c, &Pair::value); }

Val has_value(const Call& c) {
  const auto pairs = c.machine.pairs(c.self);
  return Val::of(
      std::any_of(pairs.begin(), pairs.end(), [&](const Pair& p) { return c.machine.equal(p.value, c.args[0]); }));
}
Val key_of(const Call& c) {
  for (const Pair& pair : c.machine.pairs(c.self)) {
    if (c.machine.equal(pair.value, c.args[0])) return pair.key;
  }
  return {};
}

Val merge(const Call& c) {
  HashBuilder builder(c.machine);
  for (const Pair& pair : c.machine.pairs(c.self)) builder.add(pair.key, pair.value);
  for (const Val& other : c.args) {
    if (other.kind != Kind::hash) return c.machine.wrong_type("Hash", other);
    for (const Pair& pair : c.machine.pairs(other)) builder.add(pair.key, pair.value);
  }
  return c.machine.has_room(0) ? builder.value() : Val::failed();
}

template <class Keep>
Val filtered(const Call& c, Keep&& keep) {
  std::vector<Pair> kept;
  for (const Pair& pair : c.machine.pairs(c.self)) {
    if (keep(pair)) kept.push_back(pair);
  }
  const std::span<Pair> made = c.machine.arena().make<Pair>(kept.size());
  std::copy(kept.begin(), kept.end(), made.begin());
  return Val::of(std::span<const Pair>(made));
}
bool is_named(const Call& c, const Val& key) {
  return std::any_of(c.args.begin(), c.args.end(),
                     [&](const Val& v) { return v.kind == key.kind && c.machine.equal(v, key); });
}
Val slice(const Call& c) {
  return filtered(c, [&](const Pair& pair) { return is_named(c, pair.key); });
}
Val except(const Call& c) {
  return filtered(c, [&](const Pair& pair) { return !is_named(c, pair.key); });
}
Val compact(const Call& c) {
  return filtered(c, [](const Pair& pair) { return !pair.value.is_nil(); });
}

Val to_a(const Call& c) {
  const auto pairs = c.machine.pairs(c.self);
  const std::span<Val> items = c.machine.arena().make<Val>(pairs.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::span<Val> both = c.machine.arena().make<Val>(2);
    both[0] = pairs[i].key;
    both[1] = pairs[i].value;
    items[i] = Val::of(std::span<const Val>(both));
  }
  return Val::of(std::span<const Val>(items));
}
Val first(const Call& c) {
  const auto items = c.machine.elements(to_a({c.machine, c.node, c.self, {}}));
  if (c.args.empty()) return items.empty() ? Val() : items.front();
  if (c.args[0].kind != Kind::integer || c.args[0].integer < 0) return c.machine.wrong_type("Integer", c.args[0]);
  return Val::of(items.first(std::min(items.size(), static_cast<std::size_t>(c.args[0].integer))));
}

Val invert(const Call& c) {
  HashBuilder builder(c.machine);
  for (const Pair& pair : c.machine.pairs(c.self)) builder.add(pair.value, pair.key);
  return builder.value();
}

Val self(const Call& c) { return c.self; }

Val refuse_delete(const Call& c) {
  return c.machine.fail(std::string(c.machine.class_name(c.self)) + "#delete would change the record; use remove_keys");
}

constexpr std::uint32_t hashes = bit(Kind::hash);

constexpr Entry entries[] = {
    {"size", hashes, 0, 0, size},
    {"length", hashes, 0, 0, size},
    {"empty?", hashes, 0, 0, is_empty},
    {"[]", hashes, 1, 1, at},
    {"key?", hashes, 1, 1, has_key},
    {"has_key?", hashes, 1, 1, has_key},
    {"include?", hashes, 1, 1, has_key},
    {"member?", hashes, 1, 1, has_key},
    {"fetch", hashes, 1, 2, fetch, Block::may},
    {"keys", hashes, 0, 0, keys},
    {"values", hashes, 0, 0, values},
    {"value?", hashes, 1, 1, has_value},
    {"has_value?", hashes, 1, 1, has_value},
    {"key", hashes, 1, 1, key_of},
    {"merge", hashes, 0, 8, merge},
    {"slice", hashes, 0, 32, slice},
    {"except", hashes, 0, 32, except},
    {"compact", hashes, 0, 0, compact},
    {"to_a", hashes, 0, 0, to_a},
    {"first", hashes, 0, 1, first},
    {"invert", hashes, 0, 0, invert},
    {"to_hash", hashes, 0, 0, self},
    {"delete", hashes | bit(Kind::array), 1, 1, refuse_delete},
};

}  // namespace

std::span<const Entry> hash_methods() { return entries; }

}  // namespace logboom::expression
