#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

namespace logboom {

/// An event's tag: bytes of its own, interned per worker and counted by reference. Any bytes are possible: Docker's
/// templates bring `/`, `:` and more dots than expected.
///
/// Threads: copies may live anywhere; `route_slot` belongs to the worker whose table made the tag. Two workers' tags of
/// the same text are different objects: compare with `text()`.
class Tag {
 public:
  /// Where the owning worker remembers the route of this tag, and of which pipeline it is.
  struct RouteSlot {
    const void* route = nullptr;
    std::uint64_t generation = 0;
  };

  Tag() = default;
  /// A tag outside any table, with the text copied.
  static Tag make(std::string_view text);
  Tag(const Tag& other) noexcept : data_(other.data_) {
    if (data_ != nullptr) data_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Tag(Tag&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  Tag& operator=(Tag other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Tag() {
    if (data_ != nullptr && data_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(data_);
  }

  explicit operator bool() const noexcept { return data_ != nullptr; }
  std::string_view text() const noexcept {
    return data_ == nullptr ? std::string_view{}
                            : std::string_view{reinterpret_cast<const char*>(data_ + 1), data_->size};
  }
  bool unique() const noexcept { return data_ != nullptr && data_->references.load(std::memory_order_acquire) == 1; }
  bool same_object(const Tag& other) const noexcept { return data_ == other.data_; }
  RouteSlot& route_slot() const noexcept { return data_->slot; }

 private:
  struct Data {
    std::atomic<std::uint32_t> references{1};
    std::uint32_t size = 0;
    RouteSlot slot;
  };
  static void destroy(Data* data) noexcept;

  Data* data_ = nullptr;
};

}  // namespace logboom
