#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/event.hpp>

namespace logboom {

/// What a buffer hands to an output's `write`: batches in the order in which they came, with what they have in common.
/// Const while it is written; a chunk that could not be written comes again, the same.
struct Chunk {
  /// 32 hex digits, unique; the same on every attempt.
  std::string id;
  /// Set where `tag` is a chunk key.
  std::optional<Tag> tag;
  /// The start of the chunk's time slice, in seconds since 1970, where `time` is a chunk key.
  std::optional<std::int64_t> timekey;
  /// A record field that is a chunk key, and its value as text; empty where the records don't have it.
  struct Field {
    std::string name;  // as in `<buffer>`: `user_id`, `$.kubernetes.namespace_name`
    std::string value;
  };
  std::vector<Field> fields;
  std::vector<BatchPtr> batches;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  /// Attempts that failed, and when the first one did.
  unsigned attempts = 0;
  std::optional<std::chrono::steady_clock::time_point> failing_since;

  /// The value of a field that is a chunk key; null where it is none.
  const std::string* field(std::string_view name) const noexcept {
    for (const Field& field : fields) {
      if (field.name == name) return &field.value;
    }
    return nullptr;
  }

  template <class F>
  void for_each(F&& visit) const {
    for (const BatchPtr& batch : batches) {
      const std::string_view text = batch->tag().text();
      batch->for_each([&](const Event& event) { visit(text, event); });
    }
  }
};

}  // namespace logboom
