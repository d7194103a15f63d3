#include <charconv>
#include <cmath>

#include "base/expression_machine.hpp"
#include "base/expression_number.hpp"

namespace logboom::expression {

Val Machine::convert(const Node& node) {
  const Val value = eval(*node.children[0]);
  if (value.is_error()) return value;
  switch (node.number) {
    case 0: {
      Val base = Val::of(std::int64_t{10});
      if (node.children.size() > 1) base = eval(*node.children[1]);
      if (value.kind == Kind::integer) return value;
      if (value.kind == Kind::floating) return to_integer(*this, value.real);
      if (value.kind != Kind::string)
        return fail("can't convert " + std::string(value.is_nil() ? "nil" : class_name(value)) + " into Integer");
      return strict_integer(*this, value.text(), base.kind == Kind::integer ? base.integer : 10);
    }
    case 1:
      if (value.is_number()) return Val::of(value.number());
      if (value.kind != Kind::string)
        return fail("can't convert " + std::string(value.is_nil() ? "nil" : class_name(value)) + " into Float");
      return strict_float(*this, value.text());
    case 2: return Val::of(to_s(value));
    default: {
      if (value.kind == Kind::array) return value;
      if (value.is_nil()) return Val::of(std::span<const Val>());
      if (value.kind == Kind::hash) {
        std::vector<Val> items;
        for (const Pair& pair : pairs(value)) items.push_back(Val::of(arena_.copy({pair.key, pair.value})));
        return Val::of(arena_.copy(items));
      }
      return Val::of(arena_.copy({value}));
    }
  }
}

namespace {

Val self(const Call& c) { return c.self; }
Val to_s(const Call& c) { return Val::of(c.machine.to_s(c.self)); }
Val inspect(const Call& c) { return Val::of(c.machine.inspect(c.self)); }
Val is_nil(const Call& c) { return Val::of(c.self.is_nil()); }
Val equals(const Call& c) { return Val::of(c.machine.equal(c.self, c.args[0])); }
Val case_equals(const Call& c) { return Val::of(c.machine.case_equal(c.self, c.args[0])); }
Val same(const Call& c) { return Val::of(c.self.kind == c.args[0].kind && c.machine.equal(c.self, c.args[0])); }
Val to_json(const Call& c) { return Val::of(c.machine.to_json(c.self)); }

Val is_a(const Call& c) {
  if (c.args[0].kind != Kind::type) return c.machine.fail("class or module required");
  return Val::of(c.machine.is_a(c.self, static_cast<Class>(c.args[0].integer)));
}

Val type_of(const Call& c) {
  static constexpr std::pair<Kind, Class> types[] = {
      {Kind::nil, Class::nil},       {Kind::integer, Class::integer}, {Kind::floating, Class::floating},
      {Kind::string, Class::string}, {Kind::symbol, Class::symbol},   {Kind::array, Class::array},
      {Kind::hash, Class::hash},     {Kind::time, Class::time},       {Kind::regexp, Class::regexp},
      {Kind::range, Class::range},   {Kind::match, Class::match},
  };
  if (c.self.kind == Kind::boolean) return Val::of(c.self.flag ? Class::true_ : Class::false_);
  for (const auto& [kind, type] : types) {
    if (kind == c.self.kind) return Val::of(type);
  }
  return Val::of(c.machine.is_a(c.self, Class::integer) ? Class::integer : Class::object);
}

Val type_text(const Call& c) { return Val::of(c.machine.inspect(c.self)); }

Val order(const Call& c) {
  const auto result = c.machine.compare(c.self, c.args[0]);
  return result ? Val::of(std::int64_t{*result}) : Val();
}

Val compared(const Call& c, bool (*accept)(int)) {
  const auto result = c.machine.compare(c.self, c.args[0]);
  if (result) return Val::of(accept(*result));
  if (c.self.is_number() && c.args[0].is_number()) return Val::of(false);  // NaN
  const Val& other = c.args[0];
  const bool plain = other.is_nil() || other.is_number();
  return c.machine.fail("comparison of " + std::string(c.machine.class_name(c.self)) + " with " +
                        std::string(plain ? c.machine.inspect(other) : c.machine.class_name(other)) + " failed");
}
Val less(const Call& c) {
  return compared(c, [](int r) { return r < 0; });
}
Val less_or_equal(const Call& c) {
  return compared(c, [](int r) { return r <= 0; });
}
Val greater(const Call& c) {
  return compared(c, [](int r) { return r > 0; });
}
Val greater_or_equal(const Call& c) {
  return compared(c, [](int r) { return r >= 0; });
}

Val between(const Call& c) {
  const auto low = c.machine.compare(c.self, c.args[0]);
  const auto high = c.machine.compare(c.self, c.args[1]);
  if (!low || !high) return c.machine.fail("comparison of " + std::string(c.machine.class_name(c.self)) + " failed");
  return Val::of(*low >= 0 && *high <= 0);
}

Val clamp(const Call& c) {
  const auto low = c.machine.compare(c.self, c.args[0]);
  const auto high = c.machine.compare(c.self, c.args[1]);
  if (!low || !high) return c.machine.fail("comparison of " + std::string(c.machine.class_name(c.self)) + " failed");
  return *low < 0 ? c.args[0] : *high > 0 ? c.args[1] : c.self;
}

Val then(const Call& c) { return c.machine.call_block(c, c.self); }

Val nil_to_a(const Call&) { return Val::of(std::span<const Val>()); }
Val nil_to_h(const Call&) { return Val::of(std::span<const Pair>()); }
Val nil_to_i(const Call&) { return Val::of(std::int64_t{0}); }
Val nil_to_f(const Call&) { return Val::of(0.0); }

Val both(const Call& c) { return Val::of(c.self.truthy() && c.args[0].truthy()); }
Val either(const Call& c) { return Val::of(c.self.truthy() || c.args[0].truthy()); }

Val covers(const Call& c) { return Val::of(c.machine.case_equal(c.self, c.args[0])); }

Val range_to_a(const Call& c) {
  const Val& first = c.self.items[0];
  const Val& last = c.self.items[1];
  if (first.kind != Kind::integer || last.kind != Kind::integer)
    return c.machine.fail("can't iterate from " + std::string(c.machine.class_name(first)));
  if (last.integer < first.integer) return Val::of(std::span<const Val>());
  const std::uint64_t count =
      static_cast<std::uint64_t>(last.integer) - static_cast<std::uint64_t>(first.integer) + (c.self.exclusive ? 0 : 1);
  if (count > most_memory || !c.machine.has_room(count, sizeof(Val)))
    return c.machine.fail("the expression makes more than 8 MiB");
  const std::span<Val> items = c.machine.arena().make<Val>(count);
  for (std::size_t i = 0; i < count; ++i) items[i] = Val::of(first.integer + static_cast<std::int64_t>(i));
  return Val::of(std::span<const Val>(items));
}
Val range_first(const Call& c) { return c.self.items[0]; }
Val range_last(const Call& c) { return c.self.items[1]; }

constexpr std::uint32_t ordered = text_kinds | number_kinds | bit(Kind::time);
constexpr std::uint32_t logical = bit(Kind::nil) | bit(Kind::boolean);

constexpr Entry entries[] = {
    {"to_s", any_kind, 0, 0, to_s},
    {"inspect", any_kind, 0, 0, inspect},
    {"nil?", any_kind, 0, 0, is_nil},
    {"==", any_kind, 1, 1, equals},
    {"eql?", any_kind, 1, 1, same},
    {"equal?", any_kind, 1, 1, same},
    {"===", any_kind, 1, 1, case_equals},
    {"<=>", any_kind, 1, 1, order},
    {"to_json", any_kind, 0, 0, to_json},
    {"is_a?", any_kind, 1, 1, is_a},
    {"kind_of?", any_kind, 1, 1, is_a},
    {"instance_of?", any_kind, 1, 1, is_a},
    {"class", any_kind, 0, 0, type_of},
    {"name", bit(Kind::type), 0, 0, type_text},
    {"to_s", bit(Kind::type), 0, 0, type_text},
    {"dup", any_kind, 0, 0, self},
    {"clone", any_kind, 0, 0, self},
    {"freeze", any_kind, 0, 0, self},
    {"itself", any_kind, 0, 0, self},
    {"message", bit(Kind::string), 0, 0, self},  // of an error that was rescued: it is its text
    {"then", any_kind, 0, 0, then, Block::must},
    {"yield_self", any_kind, 0, 0, then, Block::must},
    {"<", ordered, 1, 1, less},
    {"<=", ordered, 1, 1, less_or_equal},
    {">", ordered, 1, 1, greater},
    {">=", ordered, 1, 1, greater_or_equal},
    {"between?", ordered, 2, 2, between},
    {"clamp", ordered, 2, 2, clamp},
    {"to_a", bit(Kind::nil), 0, 0, nil_to_a},
    {"to_h", bit(Kind::nil), 0, 0, nil_to_h},
    {"to_i", bit(Kind::nil), 0, 0, nil_to_i},
    {"to_f", bit(Kind::nil), 0, 0, nil_to_f},
    {"&", logical, 1, 1, both},
    {"|", logical, 1, 1, either},
    {"include?", bit(Kind::range), 1, 1, covers},
    {"member?", bit(Kind::range), 1, 1, covers},
    {"cover?", bit(Kind::range), 1, 1, covers},
    {"to_a", bit(Kind::range), 0, 0, range_to_a},
    {"first", bit(Kind::range), 0, 0, range_first},
    {"last", bit(Kind::range), 0, 0, range_last},
    {"begin", bit(Kind::range), 0, 0, range_first},
    {"end", bit(Kind::range), 0, 0, range_last},
};

}  // namespace

std::span<const Entry> object_methods() { return entries; }

}  // namespace logboom::expression
