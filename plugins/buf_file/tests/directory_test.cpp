#include <cstdio>
#include <memory>

#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;

using Outcome = DirectoryLock::Outcome;

class DirectoryLine : public testing::Test {
 protected:
  std::unique_ptr<DirectoryLock> waiting() {
    auto lock = std::make_unique<DirectoryLock>();
    EXPECT_EQ(lock->try_lock(directory, 0644), Outcome::held_here);
    lock->line_up(directory);
    return lock;
  }
  TemporaryDirectory directory;
};

TEST_F(DirectoryLine, buffers_that_wait_get_the_directory_in_the_order_in_which_they_came) {
  auto holder = std::make_unique<DirectoryLock>();
  ASSERT_EQ(holder->try_lock(directory, 0644), Outcome::locked);
  const auto second = waiting();
  auto third = waiting();
  const auto fourth = waiting();
  DirectoryLock::ask_for(directory);
  holder.reset();
  EXPECT_EQ(third->try_lock(directory, 0644), Outcome::held_here);
  DirectoryLock late;
  EXPECT_EQ(late.try_lock(directory, 0644), Outcome::held_here);
  EXPECT_EQ(second->try_lock(directory, 0644), Outcome::locked);
  EXPECT_FALSE(DirectoryLock::is_wanted(directory)) << "who still waits asks again";
  EXPECT_EQ(third->try_lock(directory, 0644), Outcome::held_here);
}

TEST_F(DirectoryLine, one_that_ends_while_it_waits_lets_the_next_one_through) {
  auto holder = std::make_unique<DirectoryLock>();
  ASSERT_EQ(holder->try_lock(directory, 0644), Outcome::locked);
  auto second = waiting();
  const auto third = waiting();
  second.reset();
  holder.reset();
  EXPECT_EQ(third->try_lock(directory, 0644), Outcome::locked);
}

TEST_F(DirectoryLine, several_quick_reloads_hand_the_backlog_from_buffer_to_buffer) {
  FileBufferFixture first(directory);
  ASSERT_TRUE(first.put(batch_of("a", 0, 1)));
  FileBufferFixture second(directory);
  FileBufferFixture third(directory);
  first->drain();
  second->drain();
  ASSERT_TRUE(eventually([&] { return first->empty(); }));
  first.close();
  ASSERT_TRUE(second.put(batch_of("a", 1, 1))) << "not the newest one has the directory";
  ASSERT_TRUE(eventually([&] { return second->empty(); }));
  second.close();
  EXPECT_THAT(third.take_all(), testing::ElementsAre(0, 1));
}

TEST_F(DirectoryLine, a_lock_that_can_not_be_opened_while_a_buffer_waits_is_tried_again) {
  FileBufferFixture old(directory);
  ASSERT_TRUE(old.put(batch_of("a", 0, 1)));
  const fs::path lock = directory.path() / "lock";
  const fs::path aside = directory.path() / "lock.aside";
  fs::create_directory(aside);
  const auto exchange = [&] { return ::renameat2(AT_FDCWD, lock.c_str(), AT_FDCWD, aside.c_str(), RENAME_EXCHANGE); };
  FileBufferFixture made(directory);
  ASSERT_EQ(exchange(), 0);
  ASSERT_TRUE(eventually([&] { return made.context.test_log.has("can't open " + lock.string()); }));
  ASSERT_EQ(exchange(), 0);
  EXPECT_FALSE(made->reserve(*batch_of("a", 1, 1)));
  old.close();
  EXPECT_THAT(made.take_all(), testing::ElementsAre(0));
}

TEST_F(DirectoryLine, a_buffer_that_goes_before_it_has_the_directory_does_not_end_the_others_early) {
  FileBufferFixture old(directory);
  ASSERT_TRUE(old.put(batch_of("a", 0, 1)));
  const Chunk* chunk = old.take();
  ASSERT_NE(chunk, nullptr);
  old->retry(*chunk, Buffer::Clock::now() + 1h);
  FileBufferFixture refused(directory);
  ASSERT_TRUE(eventually([&] { return DirectoryLock::is_wanted(directory); }));
  refused.close();
  EXPECT_FALSE(DirectoryLock::is_wanted(directory));
  old->drain();
  EXPECT_FALSE(old->empty()) << "nobody else would send it";
}

}  // namespace
