#include "base/expression_machine.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/expression_tag.hpp"
#include "base/record_walk.hpp"

namespace logboom::expression {
namespace {

constexpr std::uint64_t most_steps = 500'000;
constexpr std::size_t block_size = 4096;

}  // namespace

void* Arena::take(std::size_t size, std::size_t alignment) {
  total_ += size;
  for (;; ++block_, used_ = 0) {
    if (block_ == blocks_.size()) {
      const std::size_t wanted = std::max(size, block_size << std::min<std::size_t>(block_, 8));
      blocks_.push_back({std::make_unique_for_overwrite<char[]>(wanted), wanted});
    }
    const std::size_t at = (used_ + alignment - 1) & ~(alignment - 1);
    if (at > blocks_[block_].size || blocks_[block_].size - at < size) continue;
    used_ = at + size;
    return blocks_[block_].memory.get() + at;
  }
}

Val Val::of(const msgpack::Value& value) noexcept {
  using msgpack::Type;
  Val made;
  switch (value ? value.type() : Type::nil) {
    case Type::nil: return made;
    case Type::boolean: return of(*value.begin() == 0xc3);
    case Type::integer:
      if (std::int64_t number = 0; value.to_int(number)) return of(number);
      made.kind = Kind::other;
      break;
    case Type::floating:
      made.kind = Kind::floating;
      value.to_double(made.real);
      return made;
    case Type::string: return of(value.text());
    case Type::binary:
      made = of(value.text());
      made.binary = true;
      return made;
    case Type::array: made.kind = Kind::array; break;
    case Type::map: made.kind = Kind::hash; break;
    default: made.kind = Kind::other;
  }
  made.packed = true;
  made.bytes = value.begin();
  made.size = value.size();
  return made;
}

void Machine::reset(const TimeZone& zone) {
  arena_.clear();
  text_.clear();
  steps_ = searches_ = 0;
  last_match_ = nullptr;
  constexpr std::size_t most_regexps = 128;
  if (dynamic_.size() > most_regexps) dynamic_.clear();
  if (zone_.is_same(zone)) return;
  zone_ = zone;
  time_parsers_.clear();
  formatters_.clear();
}

Val Machine::run(const Program& program, const Node& root) {
  program_ = &program;
  if (program.slots != 0) locals_.assign(program.slots, Val());
  return eval(root);
}

Val Machine::fail(std::string reason) {
  error_ = std::move(reason);
  return Val::failed();
}

Val Machine::no_method(std::string_view name, const Val& self) {
  std::string receiver =
      self.is_nil() ? "nil" : std::string(self.kind == Kind::boolean ? to_s(self) : class_name(self));
  if (!self.is_nil() && self.kind != Kind::boolean) receiver.insert(0, "an instance of ");
  return fail("undefined method '" + std::string(name) + "' for " + receiver);
}

Val Machine::wrong_type(std::string_view expected, const Val& given) {
  return fail("no implicit conversion of " + std::string(given.is_nil() ? "nil" : class_name(given)) + " into " +
              std::string(expected));
}

bool Machine::has_room(std::size_t bytes) {
  if (bytes <= most_memory && arena_.total() + text_.size() + bytes <= most_memory) return true;
  fail("the expression makes more than 8 MiB");
  return false;
}

Val Machine::eval(const Node& node) {
  switch (node.op) {
    case Op::constant: return node.value;
    case Op::field: return Val::of(msgpack::find_key(subject_.record.value(), node.text));
    case Op::record: return Val::of(subject_.record.value());
    case Op::tag: return Val::of(subject_.tag);
    case Op::time: return Val::of(subject_.time, zone_local);
    case Op::tag_part: return tag_part(static_cast<TagView>(node.flags), node.number);
    case Op::local: return locals_[static_cast<std::size_t>(node.number)];
    case Op::parameter: return parameter_;
    default: break;
  }
  if (++steps_ > most_steps || arena_.total() > most_memory)
    return fail("the expression takes too much time or memory");
  return operation(node);
}

Val Machine::operation(const Node& node) {
  const auto child = [&](std::size_t i) { return eval(*node.children[i]); };
  switch (node.op) {
    case Op::call:
    case Op::safe_call: return call(node);
    case Op::string: return make_string(node);
    case Op::choose: {
      const Val condition = child(0);
      return condition.is_error() ? condition : child(condition.truthy() ? 1 : 2);
    }
    case Op::logical_and: {
      const Val left = child(0);
      return left.is_error() || !left.truthy() ? left : child(1);
    }
    case Op::logical_or: {
      const Val left = child(0);
      return left.is_error() || left.truthy() ? left : child(1);
    }
    case Op::logical_not: {
      const Val value = child(0);
      return value.is_error() ? value : Val::of(!value.truthy());
    }
    case Op::assign: {
      const Val value = child(0);
      if (!value.is_error()) locals_[static_cast<std::size_t>(node.number)] = value;
      return value;
    }
    case Op::sequence: {
      Val value;
      for (std::size_t i = 0; i < node.children.size() && !value.is_error(); ++i) value = child(i);
      return value;
    }
    case Op::tag_parts: return tag_list(TagView::parts);
    case Op::tag_prefix: return tag_list(TagView::prefix);
    case Op::tag_suffix: return tag_list(TagView::suffix);
    case Op::group: return group(node.number);
    case Op::array: return make_array(node);
    case Op::hash: return make_hash(node);
    case Op::regexp: return make_regexp(node);
    case Op::range: return make_range(node);
    case Op::rescue: return rescue(node);
    case Op::case_when: return case_when(node);
    case Op::time_at: return time_at(node);
    case Op::kernel: return convert(node);
    case Op::json_parse: {
      const Val text = child(0);
      if (text.is_error()) return text;
      return text.kind == Kind::string ? parse_json(text.text()) : wrong_type("String", text);
    }
    case Op::library: return library(node);
    case Op::now: {
      timespec now{};
      clock_gettime(CLOCK_REALTIME, &now);
      Val value = Val::of(EventTime{now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)}, zone_local);
      value.exclusive = node.flags != 0;
      return value;
    }
    default: return {};
  }
}

Val Machine::call(const Node& node) {
  const Val self = eval(*node.children[0]);
  if (self.is_error() || (self.is_nil() && node.op == Op::safe_call)) return self;
  const Entry* entry = node.method->by_kind[static_cast<std::size_t>(self.kind)];
  if (entry == nullptr) return no_method(node.method->name, self);
  const std::size_t count = node.children.size() - 1;
  if (count < entry->least || count > entry->most) {
    return fail("wrong number of arguments for '" + node.method->name + "' (given " + std::to_string(count) + ")");
  }
  if (node.block != nullptr ? entry->block == Block::no : entry->block == Block::must) {
    return fail("'" + node.method->name + "' of " + std::string(class_name(self)) +
                (node.block != nullptr ? " takes no block" : " needs a block"));
  }
  constexpr std::size_t few = 4;
  Val local[few];
  const std::span<Val> args = count <= few ? std::span(local, count) : arena_.make<Val>(count);
  for (std::size_t i = 0; i < count; ++i) {
    args[i] = eval(*node.children[i + 1]);
    if (args[i].is_error()) return args[i];
  }
  return entry->function({*this, node, self, args});
}

Val Machine::call_block(const Call& call, std::span<const Val> args) {
  const Node& node = call.node;
  for (std::size_t i = 0; i < node.slots.size(); ++i) {
    // One array for several parameters is taken apart, as Ruby does it.
    const bool spread = args.size() == 1 && node.slots.size() > 1 && args[0].kind == Kind::array;
    const std::span<const Val> from = spread ? elements(args[0]) : args;
    locals_[node.slots[i]] = i < from.size() ? from[i] : Val();
  }
  const Val outer = parameter_;
  if (!args.empty()) parameter_ = args[0];
  const Val value = eval(*node.block);
  parameter_ = outer;
  return value;
}

Val Machine::call_block(const Call& call, const Pair& pair) {
  const Val both[] = {pair.key, pair.value};
  if (call.node.slots.size() > 1) return call_block(call, std::span(both));
  const std::span<Val> items = arena_.make<Val>(2);
  items[0] = pair.key;
  items[1] = pair.value;
  return call_block(call, Val::of(std::span<const Val>(items)));
}

Val Machine::make_array(const Node& node) {
  const std::span<Val> items = arena_.make<Val>(node.children.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = eval(*node.children[i]);
    if (items[i].is_error()) return items[i];
  }
  return Val::of(std::span<const Val>(items));
}

Val Machine::make_hash(const Node& node) {
  HashBuilder builder(*this);
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const Val key = eval(*node.children[i]);
    if (key.is_error()) return key;
    const Val value = eval(*node.children[i + 1]);
    if (value.is_error()) return value;
    builder.add(key, value);
  }
  return builder.value();
}

Val Machine::make_string(const Node& node) {
  Text text(*this);
  for (const Node* child : node.children) {
    const Val value = eval(*child);
    if (value.is_error()) return value;
    put_text(value, text.out());
    if (!has_room(0)) return Val::failed();
  }
  return text.value();
}

Val Machine::make_regexp(const Node& node) {
  const Val pattern = eval(*node.children[0]);
  if (pattern.is_error()) return pattern;
  const Regexp* regexp = dynamic_regexp(pattern.text(), node.flags);
  return regexp == nullptr ? Val::failed() : Val::of(regexp);
}

Val Machine::make_range(const Node& node) {
  const std::span<Val> ends = arena_.make<Val>(2);
  for (std::size_t i = 0; i < 2; ++i) {
    ends[i] = eval(*node.children[i]);
    if (ends[i].is_error()) return ends[i];
  }
  Val range = Val::of(Kind::range);
  range.items = ends.data();
  range.size = 2;
  range.exclusive = node.flags != 0;
  return range;
}

Val Machine::case_when(const Node& node) {
  const Val subject = eval(*node.children[0]);
  if (subject.is_error()) return subject;
  for (std::size_t i = 1; i + 1 < node.children.size(); i += 2) {
    const Val pattern = eval(*node.children[i]);
    if (pattern.is_error()) return pattern;
    if (case_equal(pattern, subject)) return eval(*node.children[i + 1]);
  }
  return eval(*node.children.back());
}

Val Machine::rescue(const Node& node) {
  const Val value = eval(*node.children[0]);
  if (!value.is_error()) return value;
  if (node.number != 0) locals_[static_cast<std::size_t>(node.number - 1)] = text(error_);
  return eval(*node.children[1]);
}

Val Machine::tag_part(TagView view, std::int64_t index) {
  std::string_view part;
  return part_of_tag(subject_.tag, view, index, part) ? Val::of(part) : Val();
}

Val Machine::tag_list(TagView view) {
  const std::string_view tag = significant_tag(subject_.tag);
  if (tag.empty()) return Val::of(std::span<const Val>());
  const auto count = static_cast<std::size_t>(1 + std::count(tag.begin(), tag.end(), '.'));
  const std::span<Val> parts = arena_.make<Val>(count);
  std::size_t begin = 0;
  for (Val& part : parts) {
    const std::size_t end = std::min(tag.find('.', begin), tag.size());
    part = Val::of(view == TagView::parts    ? tag.substr(begin, end - begin)
                   : view == TagView::prefix ? tag.substr(0, end)
                                             : tag.substr(begin));
    begin = end + 1;
  }
  return Val::of(std::span<const Val>(parts));
}

Val Machine::group(std::int64_t number) const {
  if (last_match_ == nullptr) return {};
  if (number < 0) return Val::of(last_match_);
  const auto index = static_cast<std::size_t>(number);
  return index < last_match_->groups.size() ? last_match_->groups[index] : Val();
}

}  // namespace logboom::expression
