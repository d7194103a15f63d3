#include <algorithm>
#include <cmath>

#include "base/expression_machine.hpp"
#include "base/record_walk.hpp"

namespace logboom::expression {
namespace {

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

}  // namespace

void HashBuilder::add(const Val& key, const Val& value) {
  // Long ones are made from what was a hash before, where keys are different already.
  constexpr std::size_t most_looked_through = 256;
  if (pairs_.size() <= most_looked_through) {
    for (Pair& pair : pairs_) {
      if (pair.key.kind == key.kind && machine_.equal(pair.key, key)) {
        pair.value = value;
        return;
      }
    }
  }
  pairs_.push_back({key, value});
}

Val HashBuilder::value() {
  const std::span<Pair> made = machine_.arena().make<Pair>(pairs_.size());
  std::copy(pairs_.begin(), pairs_.end(), made.begin());
  return Val::of(std::span<const Pair>(made));
}

Val Machine::lookup(const Val& hash, const Val& key) {
  if (hash.packed && key.kind == Kind::string) return Val::of(msgpack::find_key(hash.value(), key.text()));
  if (hash.packed && key.kind == Kind::symbol) return {};
  Val found;
  for (const Pair& pair : pairs(hash)) {
    if (pair.key.kind == key.kind && equal(pair.key, key)) found = pair.value;
  }
  return found;
}

bool Machine::equal(const Val& a, const Val& b, unsigned depth) {
  if (a.is_number() && b.is_number()) {
    return a.kind == Kind::integer && b.kind == Kind::integer ? a.integer == b.integer : a.number() == b.number();
  }
  if (a.kind != b.kind || depth > most_nesting) return false;
  switch (a.kind) {
    case Kind::nil: return true;
    case Kind::boolean: return a.flag == b.flag;
    case Kind::string:
    case Kind::symbol: return a.text() == b.text();
    case Kind::time: return a.time() == b.time();
    case Kind::type: return a.integer == b.integer;
    case Kind::regexp: return a.regexp->pattern() == b.regexp->pattern();
    case Kind::match: return a.match == b.match;
    case Kind::range:
      return a.exclusive == b.exclusive && equal(a.items[0], b.items[0]) && equal(a.items[1], b.items[1]);
    case Kind::array: {
      const auto left = elements(a);
      const auto right = elements(b);
      return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                        [&](const Val& x, const Val& y) { return equal(x, y, depth + 1); });
    }
    case Kind::hash: {
      const auto left = pairs(a);
      if (left.size() != pairs(b).size() || !has_room(left.size() * left.size())) return false;
      return std::all_of(left.begin(), left.end(),
                         [&](const Pair& pair) { return equal(pair.value, lookup(b, pair.key), depth + 1); });
    }
    default: return a.size == b.size && std::memcmp(a.bytes, b.bytes, a.size) == 0;
  }
}

std::optional<int> Machine::compare(const Val& a, const Val& b, unsigned depth) {
  if (a.kind == Kind::integer && b.kind == Kind::integer) return order(a.integer, b.integer);
  if (a.is_number() && b.is_number()) {
    if (std::isnan(a.number()) || std::isnan(b.number())) return std::nullopt;
    return order(a.number(), b.number());
  }
  if (a.kind != b.kind || depth > most_nesting) return std::nullopt;
  if (a.is_text()) return order(a.text(), b.text());
  if (a.kind == Kind::time) return order(a.time(), b.time());
  if (a.kind == Kind::nil) return 0;
  if (a.kind == Kind::boolean && a.flag == b.flag) return 0;
  if (a.kind != Kind::array) return std::nullopt;
  const auto left = elements(a);
  const auto right = elements(b);
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const auto result = compare(left[i], right[i], depth + 1);
    if (!result || *result != 0) return result;
  }
  return order(left.size(), right.size());
}

bool Machine::is_a(const Val& value, Class type) const {
  switch (type) {
    case Class::object: return true;
    case Class::numeric: return value.is_number() || (value.kind == Kind::other && class_name(value) == "Integer");
    case Class::string: return value.kind == Kind::string;
    case Class::symbol: return value.kind == Kind::symbol;
    case Class::integer: return class_name(value) == "Integer";
    case Class::floating: return value.kind == Kind::floating;
    case Class::hash: return value.kind == Kind::hash;
    case Class::array: return value.kind == Kind::array;
    case Class::nil: return value.is_nil();
    case Class::true_: return value.kind == Kind::boolean && value.flag;
    case Class::false_: return value.kind == Kind::boolean && !value.flag;
    case Class::time: return value.kind == Kind::time;
    case Class::regexp: return value.kind == Kind::regexp;
    case Class::range: return value.kind == Kind::range;
    case Class::match: return value.kind == Kind::match;
  }
  return false;
}

/// Ruby's ===, by which `when` decides.
bool Machine::case_equal(const Val& pattern, const Val& value) {
  switch (pattern.kind) {
    case Kind::type: return is_a(value, static_cast<Class>(pattern.integer));
    case Kind::regexp: {
      bool failed = false;
      if (!value.is_text()) return false;
      const MatchData* match = search(*pattern.regexp, value.text(), 0, failed);
      remember(match);
      return match != nullptr;
    }
    case Kind::range: {
      const auto low = pattern.items[0].is_nil() ? std::optional(-1) : compare(pattern.items[0], value);
      const auto high = pattern.items[1].is_nil() ? std::optional(-1) : compare(value, pattern.items[1]);
      return low && high && *low <= 0 && (pattern.exclusive ? *high < 0 : *high <= 0);
    }
    default: return equal(pattern, value);
  }
}

}  // namespace logboom::expression
