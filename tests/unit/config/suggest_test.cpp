#include "base/suggest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logboom {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Suggest, finds_typing_errors_and_beginnings) {
  const std::vector<std::string> names{"stdout", "file", "forward", "null", "relabel", "elasticsearch"};
  EXPECT_THAT(nearest("stduot", names), ElementsAre("stdout"));
  EXPECT_THAT(nearest("Forwrad", names), ElementsAre("forward"));
  EXPECT_THAT(nearest("fil", names), ElementsAre("file"));
  EXPECT_THAT(nearest("elastic", names), ElementsAre("elasticsearch"));
  EXPECT_THAT(nearest("kafka", names), IsEmpty());
  EXPECT_THAT(nearest("", names), IsEmpty());
  EXPECT_EQ(did_you_mean("nul", names), " (did you mean 'null'?)");
  EXPECT_EQ(did_you_mean("kafka", names), "");
}

TEST(Suggest, gives_three_at_most_best_first) {
  const std::vector<std::string> names{"abcd", "abcx", "abxx", "abc", "abcde"};
  EXPECT_THAT(nearest("abcd", names), ElementsAre("abcd", "abc", "abcde"));
}

}  // namespace
}  // namespace logboom
