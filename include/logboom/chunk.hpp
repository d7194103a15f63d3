#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <logboom/event.hpp>

namespace logboom {

/// The events of a chunk can't be read from where its buffer keeps them. They stay there, and the chunk comes again.
class ChunkUnreadable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where the events of a chunk come from that are not in memory. Threads: one at a time.
class ChunkSource {
 public:
  using Visit = std::function<bool(const BatchPtr& batch)>;

  virtual ~ChunkSource() = default;
  /// Calls `visit` for batch after batch until it says false: the same events in the same order each time, but not
  /// always cut into the same batches. A batch that is not held is gone when the next one is read. Throws
  /// ChunkUnreadable, and what `visit` throws.
  virtual void read(const Visit& visit) const = 0;
};

/// What a buffer hands to an output's `write`: batches in the order in which they came, with what they have in common.
/// Const while it is written; a chunk that could not be written comes again, the same.
struct Chunk {
  /// 32 hex digits, unique; the same on every attempt, as long as it holds the same events.
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
  /// What is in memory: all of it, or nothing where there is a `source`. See for_each_batch.
  std::vector<BatchPtr> batches;
  const ChunkSource* source = nullptr;
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

  /// Calls `visit(batch)`, which may return false to hear of no more. A chunk may be far larger than what should be in
  /// memory: an output keeps no more of it than it needs. Throws ChunkUnreadable.
  template <class F>
  void for_each_batch(F&& visit) const {
    const auto call = [&visit](const BatchPtr& batch) {
      if constexpr (std::is_same_v<std::invoke_result_t<F&, const BatchPtr&>, bool>) {
        return visit(batch);
      } else {
        visit(batch);
        return true;
      }
    };
    if (batches.empty() && source != nullptr) return source->read(call);
    for (const BatchPtr& batch : batches) {
      if (!call(batch)) return;
    }
  }

  /// Calls `visit(tag, event)`, or `visit(tag, event, place)` with the event's place in the chunk: the first has 0.
  template <class F>
  void for_each(F&& visit) const {
    std::uint64_t place = 0;
    for_each_batch([&](const BatchPtr& batch) {
      const std::string_view text = batch->tag().text();
      batch->for_each([&](const Event& event) {
        if constexpr (std::is_invocable_v<F&, std::string_view, const Event&, std::uint64_t>) {
          visit(text, event, place++);
        } else {
          visit(text, event);
        }
      });
    });
  }
};

}  // namespace logboom
