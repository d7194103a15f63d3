#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace logboom {

class SlabPool;

/// A reference-counted run of memory into which bytes are received or written.
///
/// Threads: `retain` and `release` may be called from any thread. The bytes are written by one thread, before what is
/// written is shared; afterwards they are only read.
/// Lifetime: a slab made by a pool goes back to that pool, which must outlive it; a slab made by `make` goes to the
/// heap.
class Slab {
 public:
  /// A slab of exactly `capacity` bytes outside any pool, with one reference.
  static Slab* make(std::size_t capacity);

  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  std::uint8_t* data() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  std::size_t capacity() const noexcept { return capacity_; }

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) recycle();
  }
  /// True when the caller's reference is the only one: nobody else reads these bytes.
  bool unique() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

 private:
  friend class SlabPool;
  Slab(std::size_t capacity, SlabPool* home) noexcept : capacity_(capacity), home_(home) {}
  void recycle() noexcept;

  std::atomic<std::uint32_t> references_{1};
  std::size_t capacity_;
  SlabPool* home_;
  Slab* next_ = nullptr;
};

/// Holds one reference to a slab.
class SlabPtr {
 public:
  SlabPtr() = default;
  /// Takes over the reference that the caller holds.
  explicit SlabPtr(Slab* slab) noexcept : slab_(slab) {}
  SlabPtr(const SlabPtr& other) noexcept : slab_(other.slab_) {
    if (slab_ != nullptr) slab_->retain();
  }
  SlabPtr(SlabPtr&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
  SlabPtr& operator=(SlabPtr other) noexcept {
    std::swap(slab_, other.slab_);
    return *this;
  }
  ~SlabPtr() {
    if (slab_ != nullptr) slab_->release();
  }

  Slab* get() const noexcept { return slab_; }
  Slab* operator->() const noexcept { return slab_; }
  Slab& operator*() const noexcept { return *slab_; }
  explicit operator bool() const noexcept { return slab_ != nullptr; }
  bool operator==(const SlabPtr& other) const noexcept { return slab_ == other.slab_; }

 private:
  Slab* slab_ = nullptr;
};

/// A worker's store of equal slabs.
///
/// Threads: `take` and `trim` belong to the owning thread; slabs come back from any thread without a lock.
/// Lifetime: outlives every slab that it made.
class SlabPool {
 public:
  static constexpr std::size_t default_slab_size = 256 * 1024;

  explicit SlabPool(std::size_t slab_size = default_slab_size, std::size_t keep = 16) noexcept
      : slab_size_(slab_size), keep_(keep) {}
  ~SlabPool();
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  SlabPtr take();
  /// Gives the memory of slabs that nobody uses back to the system, all but `keep` of them.
  void trim(std::size_t keep) noexcept;

  std::size_t slab_size() const noexcept { return slab_size_; }
  /// Slabs that exist, in use or not.
  std::size_t slabs() const noexcept { return made_.load(std::memory_order_relaxed); }

 private:
  friend class Slab;
  void give_back(Slab* slab) noexcept;
  void collect() noexcept;

  std::size_t slab_size_;
  std::size_t keep_;
  std::atomic<std::size_t> made_{0};
  Slab* free_ = nullptr;
  std::size_t free_count_ = 0;
  std::atomic<Slab*> returned_{nullptr};
};

/// A view of bytes that keeps the slab they stand in alive. Move-only: whoever wants another one says whether it
/// shares the memory or copies it.
class Bytes {
 public:
  Bytes() = default;
  Bytes(SlabPtr slab, const std::uint8_t* data, std::size_t size) noexcept
      : slab_(std::move(slab)), data_(data), size_(size) {}
  Bytes(Bytes&&) = default;
  Bytes& operator=(Bytes&&) = default;

  const std::uint8_t* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size_}; }
  const SlabPtr& slab() const noexcept { return slab_; }

  /// The same memory, held once more.
  Bytes share() const { return Bytes(slab_, data_, size_); }
  /// The same bytes in a slab of their own.
  Bytes copy() const;
  static Bytes copy_of(std::string_view text);

 private:
  SlabPtr slab_;
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace logboom
