#include <logboom/bytes.hpp>

#include <new>

namespace logboom {

namespace {

void* allocate(std::size_t capacity) { return ::operator new (sizeof(Slab) + capacity, std::align_val_t{64}); }
void deallocate(void* memory) noexcept { ::operator delete (memory, std::align_val_t{64}); }

}  // namespace

Slab* Slab::make(std::size_t capacity) { return ::new (allocate(capacity)) Slab(capacity, nullptr); }

void Slab::recycle() noexcept {
  if (home_ != nullptr) {
    home_->give_back(this);
    return;
  }
  this->~Slab();
  deallocate(this);
}

SlabPool::~SlabPool() { trim(0); }

SlabPtr SlabPool::take() {
  if (free_ == nullptr) collect();
  if (free_ == nullptr) {
    made_.fetch_add(1, std::memory_order_relaxed);
    return SlabPtr(::new (allocate(slab_size_)) Slab(slab_size_, this));
  }
  Slab* slab = std::exchange(free_, free_->next_);
  --free_count_;
  slab->next_ = nullptr;
  slab->references_.store(1, std::memory_order_relaxed);
  return SlabPtr(slab);
}

void SlabPool::give_back(Slab* slab) noexcept {
  Slab* head = returned_.load(std::memory_order_relaxed);
  do {
    slab->next_ = head;
  } while (!returned_.compare_exchange_weak(head, slab, std::memory_order_release, std::memory_order_relaxed));
}

void SlabPool::collect() noexcept {
  Slab* slab = returned_.exchange(nullptr, std::memory_order_acquire);
  while (slab != nullptr) {
    Slab* next = slab->next_;
    if (free_count_ < keep_) {
      slab->next_ = free_;
      free_ = slab;
      ++free_count_;
    } else {
      made_.fetch_sub(1, std::memory_order_relaxed);
      slab->~Slab();
      deallocate(slab);
    }
    slab = next;
  }
}

void SlabPool::trim(std::size_t keep) noexcept {
  collect();
  while (free_count_ > keep) {
    Slab* slab = std::exchange(free_, free_->next_);
    --free_count_;
    made_.fetch_sub(1, std::memory_order_relaxed);
    slab->~Slab();
    deallocate(slab);
  }
}

Bytes Bytes::copy() const { return copy_of(text()); }

Bytes Bytes::copy_of(std::string_view text) {
  SlabPtr slab(Slab::make(text.size()));
  if (!text.empty()) std::memcpy(slab->data(), text.data(), text.size());
  const std::uint8_t* data = slab->data();
  return Bytes(std::move(slab), data, text.size());
}

}  // namespace logboom
