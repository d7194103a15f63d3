#include "output/picked_events.hpp"

#include <gmock/gmock.h>

#include "output/output_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using ::testing::ElementsAre;

/// Batches of the numbers from 0 on, three in each, made anew each time.
class MadeEvents : public ChunkSource {
 public:
  explicit MadeEvents(std::int64_t batches) : batches_(batches) {}
  void read(const Visit& visit) const override {
    for (std::int64_t n = 0; n < batches_; ++n) {
      if (!visit(batch_of(n % 2 == 0 ? "even" : "odd", 3 * n, 3))) return;
    }
  }

 private:
  std::int64_t batches_;
};

TEST(PickedEvents, are_those_at_their_places_under_their_tags_as_often_as_they_are_read) {
  const MadeEvents made(50);
  Chunk all;
  all.source = &made;
  EventSet which;
  for (const std::uint64_t place : {149u, 0u, 1u, 63u, 64u, 5u}) which.add(place);
  const PickedEvents picked(all, which);
  Chunk chunk;
  chunk.source = &picked;
  for (int i = 0; i < 2; ++i) {
    std::vector<std::string> found;
    chunk.for_each([&](std::string_view tag, const Event& event) { found.push_back(cat(tag, " ", number_of(event))); });
    EXPECT_THAT(found, ElementsAre("even 0", "even 1", "odd 5", "odd 63", "odd 64", "odd 149"));
  }
  std::size_t batches = 0;
  chunk.for_each_batch([&](const BatchPtr&) { return ++batches < 2; });
  EXPECT_EQ(batches, 2u);
}

TEST(PickedEvents, outlive_their_batches_where_these_hold_their_memory) {
  const MadeEvents made(4);
  Chunk all;
  all.source = &made;
  EventSet which;
  which.add(4);
  const PickedEvents picked(all, which);
  BatchPtr kept;
  picked.read([&](const BatchPtr& batch) {
    kept = batch;
    return true;
  });
  std::vector<std::int64_t> numbers;
  kept->for_each([&](const Event& event) { numbers.push_back(number_of(event)); });
  EXPECT_THAT(numbers, ElementsAre(4));
}

}  // namespace
