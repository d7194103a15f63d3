#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace logboom {

/// A growing run of bytes that formatters and writers append to. Unlike std::string it never clears memory that is
/// about to be overwritten, and it keeps its memory when it is emptied.
///
/// Threads: one at a time.
class OutBuffer {
 public:
  OutBuffer() = default;
  OutBuffer(OutBuffer&& other) noexcept
      : memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  OutBuffer& operator=(OutBuffer&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  const char* data() const noexcept { return memory_.get(); }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view text() const noexcept { return {memory_.get(), size_}; }
  void clear() noexcept { size_ = 0; }
  void truncate(std::size_t size) noexcept { size_ = size; }
  void release_memory() noexcept {
    memory_.reset();
    size_ = capacity_ = 0;
  }

  /// Room for `count` more bytes; fill it from the pointer on, then say with `commit` how many were written.
  char* reserve(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return memory_.get() + size_;
  }
  void commit(std::size_t count) noexcept { size_ += count; }

  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void append(const std::uint8_t* data, std::size_t size) { append({reinterpret_cast<const char*>(data), size}); }
  void append(char c) {
    *reserve(1) = c;
    ++size_;
  }

 private:
  struct Free {
    void operator()(char* memory) const noexcept { std::free(memory); }
  };

  void grow(std::size_t count) {
    std::size_t capacity = capacity_ < 512 ? 1024 : capacity_ * 2;
    if (capacity < size_ + count) capacity = size_ + count;
    void* memory = std::realloc(memory_.get(), capacity);
    if (memory == nullptr) throw std::bad_alloc();
    static_cast<void>(memory_.release());
    memory_.reset(static_cast<char*>(memory));
    capacity_ = capacity;
  }

  std::unique_ptr<char, Free> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace logboom
