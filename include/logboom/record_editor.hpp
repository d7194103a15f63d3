#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/record_accessor.hpp>

namespace logboom {

/// Collects changes of one record and writes the changed record once. What is not touched – duplicate keys, keys that
/// are no strings, any nesting – is copied in runs as it is.
///
/// Order, as in Ruby's Hash: a key that is set keeps its place if the record has it (of duplicates the first place;
/// the others go), a new one comes behind, in the order of the calls; one that was removed and is set again comes
/// behind.
///
///     editor.start(event.record);
///     editor.set("host", host);                                     // text
///     editor.set("n", [&](msgpack::Writer& w) { w.integer(5); });  // one object of any type
///     editor.remove("secret");
///     out.clear();
///     editor.write(out);
///     sink.replace(event, event.time, out.text());
///
/// Threads: one at a time; keeps its memory from record to record.
/// Lifetime: the record, keys and values that were given must live until `write` returns; text and what is written by a
/// function are copied.
class RecordEditor {
 public:
  /// Begins with a record; earlier changes are forgotten.
  void start(const Record& record) noexcept;
  /// Begins with a record of which nothing stays but the pairs that `keep` names, in the record's order.
  void start_renewed(const Record& record) noexcept;
  void keep(std::string_view key);

  void set(std::string_view key, const msgpack::Value& value);
  void set(std::string_view key, std::string_view text);
  /// `write` is called with a msgpack::Writer and writes exactly one object.
  template <std::invocable<msgpack::Writer&> F>
  void set(std::string_view key, F&& write) {
    const std::size_t from = own_.size();
    msgpack::Writer writer(own_);
    std::forward<F>(write)(writer);
    set_own(key, from);
  }
  /// Sets a nested value; a path of one key is set in any case. False, and nothing is changed, where the map or array
  /// that should hold it is missing, or the place is behind the array's end.
  bool set(const RecordAccessor& path, const msgpack::Value& value);
  bool set(const RecordAccessor&&, const msgpack::Value&) = delete;

  /// Removes every pair of that key.
  void remove(std::string_view key);
  /// Removes what is at the path, if anything is. In an array, what is behind moves up.
  void remove(const RecordAccessor& path);
  void remove(const RecordAccessor&&) = delete;

  /// The value that a key has with the changes so far; empty where it has none.
  msgpack::Value find(std::string_view key) const noexcept;
  msgpack::Value find(const RecordAccessor& path) const noexcept;
  /// True where `write` would give other bytes than the record's, as far as that is known without comparing values.
  bool changed() const noexcept { return renewed_ || !edits_.empty(); }

  /// Appends the changed record: one map.
  void write(OutBuffer& out);

 private:
  enum class Kind : std::uint8_t { set, keep, remove };
  struct Edit {
    std::string_view key;
    const std::uint8_t* bytes;  // null: in own_, at `offset`
    std::size_t offset;
    std::size_t size;
    Kind kind;
    bool behind;   // not at the place that the record has it
    bool written;  // by the `write` that is under way
  };

  void clear(const Record& record, bool renewed) noexcept;
  void set_own(std::string_view key, std::size_t from);
  Edit& edit_of(std::string_view key, Kind kind);
  void erase(const Edit& edit);
  Edit* find_edit(std::string_view key) noexcept;
  const Edit* find_edit(std::string_view key) const noexcept;
  msgpack::Value value_of(const Edit& edit) const noexcept;
  bool splice(const RecordAccessor& path, const msgpack::Value* value);
  std::uint8_t* write_pairs(std::uint8_t* at, std::uint32_t& pairs);
  std::uint8_t* write_new(std::uint8_t* at, std::uint32_t& pairs) const noexcept;

  Record record_;
  std::vector<Edit> edits_;
  std::unordered_map<std::string_view, std::size_t> places_;  // of the edits, where they are many
  std::uint64_t lengths_ = 0;                                 // bit n: an edited key has n bytes, modulo 64
  OutBuffer own_;
  OutBuffer scratch_;
  bool renewed_ = false;
};

}  // namespace logboom
