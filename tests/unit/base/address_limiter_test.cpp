#include <logboom/address_limiter.hpp>

namespace logboom {
namespace {

using Clock = AddressLimiter::Clock;

TEST(AddressLimiter, EachAddressHasOneTurnAnInterval) {
  AddressLimiter limiter(std::chrono::minutes(1));
  const Clock::time_point begin = Clock::now();
  std::uint64_t more = 7;
  EXPECT_TRUE(limiter.due("a", more, begin));
  EXPECT_EQ(more, 0u);
  EXPECT_FALSE(limiter.due("a", more, begin + std::chrono::seconds(1)));
  EXPECT_FALSE(limiter.due("a", more, begin + std::chrono::seconds(59)));
  EXPECT_TRUE(limiter.due("b", more, begin + std::chrono::seconds(2)));
  EXPECT_TRUE(limiter.due("a", more, begin + std::chrono::seconds(60)));
  EXPECT_EQ(more, 2u);
}

TEST(AddressLimiter, AddressesBeyondTheMostShareATurnUntilOthersAreForgotten) {
  AddressLimiter limiter(std::chrono::minutes(1), 2);
  const Clock::time_point begin = Clock::now();
  std::uint64_t more = 0;
  for (const char* address : {"a", "b", "c"}) EXPECT_TRUE(limiter.due(address, more, begin)) << address;
  EXPECT_FALSE(limiter.due("a", more, begin));
  EXPECT_FALSE(limiter.due("d", more, begin));
  EXPECT_FALSE(limiter.due("e", more, begin));
  const Clock::time_point later = begin + std::chrono::minutes(1);
  EXPECT_TRUE(limiter.due("d", more, later));
  EXPECT_EQ(more, 0u);
  EXPECT_TRUE(limiter.due("e", more, later));
  EXPECT_TRUE(limiter.due("f", more, later));
  EXPECT_EQ(more, 3u) << "of a, d and e";
}

}  // namespace
}  // namespace logboom
