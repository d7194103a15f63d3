#include <logboom/bytes.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using logboom::Bytes;
using logboom::Slab;
using logboom::SlabPool;
using logboom::SlabPtr;

static_assert(!std::is_copy_constructible_v<Bytes> && !std::is_copy_assignable_v<Bytes>,
              "whoever wants another view says share() or copy()");

TEST(SlabPool, a_slab_that_came_back_is_used_again) {
  SlabPool pool(4096);
  const Slab* first = nullptr;
  {
    const SlabPtr slab = pool.take();
    first = slab.get();
    EXPECT_EQ(slab->capacity(), 4096u);
    EXPECT_TRUE(slab->unique());
  }
  EXPECT_EQ(pool.take().get(), first);
  EXPECT_EQ(pool.slabs(), 1u);
}

TEST(SlabPool, a_slab_in_use_is_not_given_out) {
  SlabPool pool(64);
  const SlabPtr a = pool.take();
  const SlabPtr b = pool.take();
  EXPECT_NE(a.get(), b.get());
  EXPECT_EQ(pool.slabs(), 2u);
}

TEST(SlabPool, no_more_than_it_may_keep_are_kept) {
  SlabPool pool(64, 3);
  { const std::vector<SlabPtr> slabs{pool.take(), pool.take(), pool.take(), pool.take(), pool.take()}; }
  pool.trim(100);
  EXPECT_EQ(pool.slabs(), 3u);
  pool.trim(1);
  EXPECT_EQ(pool.slabs(), 1u);
  pool.trim(0);
  EXPECT_EQ(pool.slabs(), 0u);
}

TEST(SlabPool, slabs_come_back_from_other_threads) {
  SlabPool pool(256);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    std::vector<SlabPtr> slabs;
    for (int i = 0; i < 200; ++i) {
      slabs.push_back(pool.take());
      slabs.back()->data()[0] = static_cast<std::uint8_t>(i);
    }
    threads.emplace_back([mine = std::move(slabs)]() mutable {
      for (std::size_t i = 0; i < mine.size(); ++i) {
        EXPECT_EQ(mine[i]->data()[0], static_cast<std::uint8_t>(i));
        mine[i] = SlabPtr();
      }
    });
    for (int i = 0; i < 50; ++i) pool.take()->data()[0] = 1;
  }
  for (std::thread& thread : threads) thread.join();
  pool.trim(0);
  EXPECT_EQ(pool.slabs(), 0u);
}

TEST(SlabPtr, the_last_of_many_holders_on_many_threads_gives_the_slab_back) {
  SlabPool pool(64);
  for (int round = 0; round < 100; ++round) {
    SlabPtr slab = pool.take();
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) threads.emplace_back([copy = slab] { EXPECT_TRUE(copy); });
    slab = SlabPtr();
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_LE(pool.slabs(), 2u);
}

TEST(Slab, it_is_unique_until_it_is_shared) {
  const SlabPtr slab(Slab::make(10));
  EXPECT_TRUE(slab->unique());
  {
    const SlabPtr other = slab;
    EXPECT_EQ(other, slab);
    EXPECT_FALSE(slab->unique());
  }
  EXPECT_TRUE(slab->unique());
}

TEST(Bytes, shared_bytes_are_the_same_memory_and_keep_it_alive) {
  Bytes shared;
  const std::uint8_t* data = nullptr;
  {
    const Bytes original = Bytes::copy_of("hello");
    data = original.data();
    shared = original.share();
    EXPECT_FALSE(original.slab()->unique());
  }
  EXPECT_EQ(shared.data(), data);
  EXPECT_EQ(shared.text(), "hello");
  EXPECT_TRUE(shared.slab()->unique());
}

TEST(Bytes, copied_bytes_stand_in_a_slab_of_their_own) {
  const Bytes original = Bytes::copy_of("hello");
  const Bytes copy = original.copy();
  EXPECT_NE(copy.data(), original.data());
  EXPECT_EQ(copy.text(), "hello");
  EXPECT_TRUE(original.slab()->unique());
}

TEST(Bytes, no_bytes_can_be_copied_and_shared) {
  const Bytes none = Bytes::copy_of("");
  EXPECT_TRUE(none.copy().empty());
  EXPECT_TRUE(Bytes().share().empty());
}

}  // namespace
