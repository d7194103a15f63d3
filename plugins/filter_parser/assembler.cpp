#include "assembler.hpp"

#include <logboom/value_text.hpp>

namespace logboom::plugins {

using msgpack::Value;

namespace {

std::string_view bytes_of(const Value& value) noexcept {
  return {reinterpret_cast<const char*>(value.begin()), value.size()};
}

Value value_of(const OutBuffer& bytes) noexcept {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {data, data + bytes.size()};
}

bool has_other_keys(const Value& map) {
  bool found = false;
  Record(map).for_each([&](const Value& key, const Value&) { found = found || !key.is_text(); });
  return found;
}

}  // namespace

/// The map with the prefix before each key, and keys that are no texts as texts.
Value Assembler::prefixed(const Value& map) {
  prefixed_.clear();
  msgpack::Writer writer(prefixed_);
  writer.map(map.count());
  Record(map).for_each([&](const Value& key, const Value& value) {
    keys_.clear();
    if (options_.inject_key_prefix) keys_.append(*options_.inject_key_prefix);
    keys_.append(value_text(key, key_text_));
    writer.string(keys_.text());
    writer.value(value);
  });
  return value_of(prefixed_);
}

std::string_view Assembler::parsed(const Record& original, const Value& map) {
  const bool merges = options_.reserve_data && !options_.hash_value_field;
  const Value fields = options_.inject_key_prefix || (merges && has_other_keys(map)) ? prefixed(map) : map;
  if (!options_.reserve_data && !options_.hash_value_field) return bytes_of(fields);
  out_.clear();
  if (!options_.reserve_data) {
    msgpack::Writer writer(out_);
    writer.map(1);
    writer.string(*options_.hash_value_field);
    writer.value(fields);
    return out_.text();
  }
  editor_.start(original);
  if (options_.remove_key_name_field) editor_.remove(key_);
  if (options_.hash_value_field) {
    editor_.set(*options_.hash_value_field, fields);
  } else {
    Record(fields).for_each([&](const Value& key, const Value& value) { editor_.set(key.text(), value); });
  }
  editor_.write(out_);
  return out_.text();
}

std::string_view Assembler::not_parsed(const Record& original) {
  if (!options_.hash_value_field) return bytes_of(original.value());
  out_.clear();
  editor_.start(original);
  editor_.set(*options_.hash_value_field, [](msgpack::Writer& writer) { writer.map(0); });
  editor_.write(out_);
  return out_.text();
}

}  // namespace logboom::plugins
