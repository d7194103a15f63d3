#include <logboom/record_editor.hpp>

#include <functional>

#include "base/record_walk.hpp"

namespace logboom {
namespace {

using msgpack::Type;
using msgpack::Value;

constexpr std::size_t map_head_room = 5;
// From this many edits on they are found by their hash, so that a record of thousands of fields stays cheap.
constexpr std::size_t many_edits = 32;

std::uint64_t length_bit(std::string_view key) noexcept { return std::uint64_t{1} << (key.size() & 63); }

std::size_t map_head_size(std::size_t pairs) noexcept { return pairs < 16 ? 1 : pairs <= 0xffff ? 3 : 5; }

void put_map_head(std::uint8_t* at, std::uint32_t pairs) noexcept {
  if (pairs < 16) {
    at[0] = static_cast<std::uint8_t>(0x80 | pairs);
    return;
  }
  const unsigned bytes = pairs <= 0xffff ? 2 : 4;
  at[0] = bytes == 2 ? 0xde : 0xdf;
  for (unsigned i = 0; i < bytes; ++i) at[1 + i] = static_cast<std::uint8_t>(pairs >> (8 * (bytes - 1 - i)));
}

std::uint8_t* put(std::uint8_t* at, const std::uint8_t* bytes, std::size_t size) noexcept {
  if (size != 0) std::memcpy(at, bytes, size);
  return at + size;
}

std::size_t key_room(std::string_view key) noexcept { return key.size() + 5; }

std::uint8_t* put_key(std::uint8_t* at, std::string_view key) noexcept {
  const std::size_t size = key.size();
  unsigned bytes = 0;
  if (size < 32) {
    *at++ = static_cast<std::uint8_t>(0xa0 | size);
  } else {
    bytes = size <= 0xff ? 1 : size <= 0xffff ? 2 : 4;
    *at++ = static_cast<std::uint8_t>(bytes == 1 ? 0xd9 : bytes == 2 ? 0xda : 0xdb);
  }
  while (bytes > 0) *at++ = static_cast<std::uint8_t>(size >> (8 * --bytes));
  return put(at, reinterpret_cast<const std::uint8_t*>(key.data()), size);
}

/// Copies a map or array without the children for which `drop(index, begin)` holds.
template <class Drop>
void copy_without(const Value& container, Drop&& drop, OutBuffer& out) {
  const bool is_map = container.type() == Type::map;
  const auto for_each_child = [&](auto&& visit) {
    const std::uint8_t* at = container.children();
    for (std::uint32_t i = 0; i < container.count(); ++i) {
      const std::uint8_t* next = msgpack::after(is_map ? msgpack::after(at, container.end()) : at, container.end());
      visit(drop(i, at), at, next);
      at = next;
    }
  };
  std::uint32_t kept = 0;
  for_each_child([&](bool dropped, auto, auto) { kept += dropped ? 0 : 1; });
  msgpack::Writer writer(out);
  is_map ? writer.map(kept) : writer.array(kept);
  const std::uint8_t* run = container.children();
  for_each_child([&](bool dropped, const std::uint8_t* begin, const std::uint8_t* end) {
    if (!dropped) return;
    out.append(run, static_cast<std::size_t>(begin - run));
    run = end;
  });
  out.append(run, static_cast<std::size_t>(container.end() - run));
}

bool key_is(const std::uint8_t* key, const std::uint8_t* end, const RecordAccessor::Step& step) noexcept {
  if (!step.is_index) {
    std::string_view text;
    return msgpack::text_at(key, end, text) && text == step.key;
  }
  std::int64_t number = 0;
  return Value(key, msgpack::after(key, end)).to_int(number) && number == step.index;
}

/// The container without the child that the step names.
void copy_removed(const Value& container, const RecordAccessor::Step& step, OutBuffer& out) {
  if (container.type() == Type::map) {
    copy_without(
        container, [&](std::uint32_t, const std::uint8_t* key) { return key_is(key, container.end(), step); }, out);
  } else {
    const std::int64_t index = step.index < 0 ? step.index + container.count() : step.index;
    copy_without(
        container, [&](std::uint32_t i, const std::uint8_t*) { return index == i; }, out);
  }
}

/// The map with one more pair.
void copy_added(const Value& map, const RecordAccessor::Step& step, const Value& value, OutBuffer& out) {
  msgpack::Writer writer(out);
  writer.map(map.count() + 1);
  writer.raw(map.children(), static_cast<std::size_t>(map.end() - map.children()));
  step.is_index ? writer.integer(step.index) : writer.string(step.key);
  writer.value(value);
}

/// One step of an accessor.
Value child(const Value& container, const RecordAccessor::Step& step) noexcept {
  Value found;
  std::int64_t place = 0;
  const bool is_map = container.type() == Type::map;
  if (!is_map && (container.type() != Type::array || !step.is_index)) return found;
  const std::int64_t wanted = step.index < 0 ? step.index + container.count() : step.index;
  const std::uint8_t* at = container.children();
  for (std::uint32_t left = container.count(); left > 0; --left, ++place) {
    const bool hit = is_map ? key_is(at, container.end(), step) : place == wanted;
    if (is_map) at = msgpack::after(at, container.end());
    const std::uint8_t* end = msgpack::after(at, container.end());
    if (hit) found = Value(at, end);
    at = end;
  }
  return found;
}

}  // namespace

void RecordEditor::clear(const Record& record, bool renewed) noexcept {
  record_ = record;
  edits_.clear();
  if (!places_.empty()) places_.clear();
  lengths_ = 0;
  own_.clear();
  renewed_ = renewed;
}

void RecordEditor::start(const Record& record) noexcept { clear(record, false); }

void RecordEditor::start_renewed(const Record& record) noexcept { clear(record, true); }

RecordEditor::Edit* RecordEditor::find_edit(std::string_view key) noexcept {
  return const_cast<Edit*>(std::as_const(*this).find_edit(key));
}

const RecordEditor::Edit* RecordEditor::find_edit(std::string_view key) const noexcept {
  if ((lengths_ & length_bit(key)) == 0) return nullptr;
  if (!places_.empty()) {
    const auto place = places_.find(key);
    return place == places_.end() ? nullptr : &edits_[place->second];
  }
  for (const Edit& edit : edits_) {
    if (edit.key == key) return &edit;
  }
  return nullptr;
}

RecordEditor::Edit& RecordEditor::edit_of(std::string_view key, Kind kind) {
  bool behind = false;
  if (Edit* known = find_edit(key)) {
    if (known->kind != Kind::remove || kind == Kind::remove) {
      known->kind = kind;
      return *known;
    }
    erase(*known);
    behind = true;
  }
  lengths_ |= length_bit(key);
  edits_.push_back({key, nullptr, 0, 0, kind, behind, false});
  if (edits_.size() == many_edits) {
    for (std::size_t i = 0; i < edits_.size(); ++i) places_.emplace(edits_[i].key, i);
  } else if (edits_.size() > many_edits) {
    places_.emplace(key, edits_.size() - 1);
  }
  return edits_.back();
}

void RecordEditor::erase(const Edit& edit) {
  const auto at = static_cast<std::size_t>(&edit - edits_.data());
  places_.erase(edit.key);
  edits_.erase(edits_.begin() + static_cast<std::ptrdiff_t>(at));
  if (edits_.size() < many_edits) places_.clear();
  for (auto& [key, place] : places_) place -= place > at ? 1U : 0U;
}

void RecordEditor::keep(std::string_view key) {
  if (find_edit(key) == nullptr) edit_of(key, Kind::keep);
}

void RecordEditor::set(std::string_view key, const Value& value) {
  Edit& edit = edit_of(key, Kind::set);
  const auto* own = reinterpret_cast<const std::uint8_t*>(own_.data());
  const bool is_own = std::greater_equal<>()(value.begin(), own) && std::less<>()(value.begin(), own + own_.size());
  edit.bytes = is_own ? nullptr : value.begin();
  edit.offset = is_own ? static_cast<std::size_t>(value.begin() - own) : 0;
  edit.size = value.size();
}

void RecordEditor::set(std::string_view key, std::string_view text) {
  set(key, [text](msgpack::Writer& writer) { writer.string(text); });
}

void RecordEditor::set_own(std::string_view key, std::size_t from) {
  Edit& edit = edit_of(key, Kind::set);
  edit.bytes = nullptr;
  edit.offset = from;
  edit.size = own_.size() - from;
}

bool RecordEditor::set(const RecordAccessor& path, const Value& value) {
  if (path.is_top_level()) return set(path.steps().front().key, value), true;
  return splice(path, &value);
}

void RecordEditor::remove(std::string_view key) { edit_of(key, Kind::remove); }

void RecordEditor::remove(const RecordAccessor& path) {
  if (path.is_top_level()) return remove(path.steps().front().key);
  splice(path, nullptr);
}

Value RecordEditor::value_of(const Edit& edit) const noexcept {
  const auto* own = reinterpret_cast<const std::uint8_t*>(own_.data());
  const std::uint8_t* begin = edit.bytes != nullptr ? edit.bytes : own + edit.offset;
  return {begin, begin + edit.size};
}

Value RecordEditor::find(std::string_view key) const noexcept {
  const Edit* edit = find_edit(key);
  if (edit == nullptr && renewed_) return {};
  if (edit == nullptr || edit->kind == Kind::keep) return msgpack::find_key(record_.value(), key);
  return edit->kind == Kind::set ? value_of(*edit) : Value();
}

Value RecordEditor::find(const RecordAccessor& path) const noexcept {
  Value value = find(path.steps().front().key);
  for (std::size_t i = 1; value && i < path.steps().size(); ++i) value = child(value, path.steps()[i]);
  return value;
}

/// Nothing but the innermost map or array gets another header, because msgpack counts children and not bytes.
bool RecordEditor::splice(const RecordAccessor& path, const Value* value) {
  const auto& steps = path.steps();
  const Value top = find(steps.front().key);
  Value container = top;
  for (std::size_t i = 1; container && i + 1 < steps.size(); ++i) container = child(container, steps[i]);
  if (!container || (container.type() != Type::map && container.type() != Type::array)) return false;
  const Value target = child(container, steps.back());
  const bool add = value != nullptr && !target;
  if (!target && (!add || container.type() != Type::map)) return false;

  OutBuffer& made = scratch_;
  made.clear();
  const std::uint8_t* from = target && value != nullptr ? target.begin() : container.begin();
  const std::uint8_t* to = target && value != nullptr ? target.end() : container.end();
  made.append(top.begin(), static_cast<std::size_t>(from - top.begin()));
  if (value == nullptr) {
    copy_removed(container, steps.back(), made);
  } else if (add) {
    copy_added(container, steps.back(), *value, made);
  } else {
    made.append(value->begin(), value->size());
  }
  made.append(to, static_cast<std::size_t>(top.end() - to));
  const std::size_t own = own_.size();
  own_.append(made.text());
  set_own(steps.front().key, own);
  return true;
}

std::uint8_t* RecordEditor::write_pairs(std::uint8_t* at, std::uint32_t& pairs) {
  const std::uint8_t* end = record_.value().end();
  const std::uint8_t* pair = record_.value().children();
  const std::uint8_t* run = pair;  // what is to be copied as it is begins here
  for (std::uint32_t left = record_.size(); left > 0; --left) {
    std::string_view text;
    Edit* edit = msgpack::text_at(pair, end, text) ? find_edit(text) : nullptr;
    const std::uint8_t* value = msgpack::after(pair, end);
    const std::uint8_t* next = msgpack::after(value, end);
    const bool stays = edit != nullptr ? edit->kind == Kind::keep : !renewed_;
    const bool is_set = edit != nullptr && edit->kind == Kind::set && !edit->behind && !renewed_ && !edit->written;
    if (!stays) {
      if (is_set) {
        at = put(at, run, static_cast<std::size_t>(value - run));
        const Value set = value_of(*edit);
        at = put(at, set.begin(), set.size());
        edit->written = true;
      } else {
        at = put(at, run, static_cast<std::size_t>(pair - run));
      }
      run = next;
    }
    if (stays || is_set) ++pairs;
    pair = next;
  }
  return put(at, run, static_cast<std::size_t>(pair - run));
}

std::uint8_t* RecordEditor::write_new(std::uint8_t* at, std::uint32_t& pairs) const noexcept {
  for (const Edit& edit : edits_) {
    if (edit.kind != Kind::set || edit.written) continue;
    at = put_key(at, edit.key);
    const Value value = value_of(edit);
    at = put(at, value.begin(), value.size());
    ++pairs;
  }
  return at;
}

void RecordEditor::write(OutBuffer& out) {
  std::size_t room = record_.value().size() + map_head_room;
  for (Edit& edit : edits_) {
    room += key_room(edit.key) + edit.size;
    edit.written = false;
  }
  auto* const begin = reinterpret_cast<std::uint8_t*>(out.reserve(room));
  // The header is as wide as it can become; seldom the pairs have to move up.
  const std::size_t expected = map_head_size(renewed_ ? edits_.size() : record_.size() + edits_.size());
  std::uint32_t pairs = 0;
  std::uint8_t* end = write_pairs(begin + expected, pairs);
  end = write_new(end, pairs);
  const std::size_t head = map_head_size(pairs);
  if (head != expected) {
    std::memmove(begin + head, begin + expected, static_cast<std::size_t>(end - begin) - expected);
    end = begin + head + (end - begin - static_cast<std::ptrdiff_t>(expected));
  }
  put_map_head(begin, pairs);
  out.commit(static_cast<std::size_t>(end - begin));
}

}  // namespace logboom
