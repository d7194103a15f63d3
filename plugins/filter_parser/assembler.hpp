#pragma once

#include <optional>
#include <string>

#include <logboom/event.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/record_editor.hpp>

namespace logboom::plugins {

/// How a record is made of the one that held the text and of what was parsed.
struct AssemblerOptions {
  bool reserve_data = false;
  bool remove_key_name_field = false;
  std::optional<std::string> inject_key_prefix;
  std::optional<std::string> hash_value_field;
};

/// Threads: one at a time. What is returned is valid until the next call.
class Assembler {
 public:
  /// Both live longer than this.
  Assembler(const AssemblerOptions& options, const RecordAccessor& key) noexcept : options_(options), key_(key) {}

  std::string_view parsed(const Record& original, const msgpack::Value& map);
  /// Where nothing was parsed, with `reserve_data`: the original, with an empty hash_value_field if there is one.
  std::string_view not_parsed(const Record& original);

 private:
  msgpack::Value prefixed(const msgpack::Value& map);

  const AssemblerOptions& options_;
  const RecordAccessor& key_;
  RecordEditor editor_;
  OutBuffer prefixed_;
  OutBuffer key_text_;
  OutBuffer keys_;
  OutBuffer out_;
};

}  // namespace logboom::plugins
