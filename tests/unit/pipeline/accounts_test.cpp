#include <gmock/gmock.h>

#include "pipeline/accounts.hpp"
#include "pipeline/pipeline_test_support.hpp"

namespace logboom::pipeline_test {
namespace {

std::string source(std::string_view id) { return cat("<source>\n @type toy\n @id ", id, "\n</source>\n"); }
std::string match(std::string_view pattern, std::string_view id) {
  return cat("<match ", pattern, ">\n @type toy\n @id ", id, "\n</match>\n");
}

/// "tag term=n term=n", of the terms that are not 0.
std::vector<std::string> accounts_of(const Bench& bench, const std::string& id) {
  std::vector<std::string> out;
  bench.dispatcher->books().sources().at(id).for_each([&out](std::string_view tag, const Amounts& amounts) {
    std::string line(tag.empty() ? "(others)" : tag);
    for (std::size_t i = 0; i < amounts.of.size(); ++i) {
      if (amounts.of[i] != 0) line += cat(" ", term_words[i], "=", amounts.of[i]);
    }
    if (amounts != Amounts()) out.push_back(std::move(line));
  });
  return out;
}

TEST(Accounts, are_kept_by_source_and_tag) {
  Bench bench(source("one") + source("two") + match("a", "o"));
  bench.send_from(bench.flow, "a", 1, 3, {}, 0);
  bench.send_from(bench.flow, "b", 1, 2, {}, 0);
  bench.send_from(bench.flow, "a", 1, 7, {}, 1);
  EXPECT_THAT(accounts_of(bench, "one"), ::testing::UnorderedElementsAre("a in=3 routed=3", "b in=2 unmatched=2"));
  EXPECT_THAT(accounts_of(bench, "two"), ::testing::ElementsAre("a in=7 routed=7"));
  bench.expect_balance();
}

TEST(Accounts, of_more_tags_than_there_is_room_for_are_kept_in_one) {
  Bench bench(source("one") + match("**", "o"));
  const auto tags = static_cast<int>(SourceBook::most_tags);
  for (int n = 0; n < tags + 5; ++n) bench.send(cat("t", n), n);
  bench.send("t0", 0);
  const std::vector<std::string> accounts = accounts_of(bench, "one");
  EXPECT_EQ(accounts.size(), SourceBook::most_tags + 1);
  EXPECT_THAT(accounts, ::testing::Contains("(others) in=5 routed=5"));
  EXPECT_THAT(accounts, ::testing::Contains("t0 in=2 routed=2"));
  bench.expect_balance();
}

TEST(Accounts, of_events_that_wait_for_room_say_so_until_they_go_on) {
  Bench bench(source("one") + match("**", "o"), [](Toys& toys) { toys.sinks["o"].room = 0; });
  bench.send("a", 1, 3);
  EXPECT_THAT(accounts_of(bench, "one"), ::testing::ElementsAre("a in=3 parked=3"));
  bench.make_room("o", 5);
  EXPECT_THAT(accounts_of(bench, "one"), ::testing::ElementsAre("a in=3 routed=3"));
  bench.expect_balance();
}

TEST(Accounts, of_two_sources_whose_events_a_filter_joins_both_balance) {
  Bench bench(source("one") + source("two") + "<filter **>\n @type pairs\n</filter>\n" + match("**", "o"));
  bench.send_from(bench.flow, "a", 1, 1, {}, 0);
  EXPECT_THAT(accounts_of(bench, "one"), ::testing::ElementsAre("a in=1 held=1"));
  bench.send_from(bench.flow, "a", 2, 1, {}, 1);
  bench.send_from(bench.flow, "a", 4, 1, {}, 1);
  bench.run_later();
  EXPECT_EQ(bench.numbers("o"), "3 4");
  EXPECT_THAT(accounts_of(bench, "one"), ::testing::ElementsAre("a in=1 merged=1"));
  EXPECT_THAT(accounts_of(bench, "two"), ::testing::ElementsAre("a in=2 routed=2"));
  bench.expect_balance();
}

TEST(Accounts, of_what_brings_itself_in_have_names_of_their_own) {
  Bench bench(source("one") + match("**", "o"));
  bench.send("a", 1, 2);
  const BatchPtr batch = bench.toys.sinks.at("o").batches.at(0);
  bench.dispatcher->inject("", {batch, {}}, true);
  EXPECT_THAT(accounts_of(bench, "(outputs)"), ::testing::ElementsAre("a made=2 routed=2"));
  bench.expect_balance();
}

TEST(HeldShares, are_taken_from_the_same_tag_first_and_the_oldest_first) {
  HeldShares shares;
  Account one;
  Account two;
  shares.add(nullptr, "a", one, 2);
  shares.add(nullptr, "a", two, 1);
  shares.add(nullptr, "b", two, 4);
  const auto taken = [&shares](std::string_view tag, std::uint64_t events) {
    const HeldShares::Share share = shares.take(nullptr, tag, events);
    return std::pair(share.account, share.events);
  };
  EXPECT_EQ(taken("a", 3), std::pair(&one, std::uint64_t{2}));
  EXPECT_EQ(taken("a", 1), std::pair(&two, std::uint64_t{1}));
  EXPECT_EQ(taken("a", 9), std::pair(&two, std::uint64_t{4}));
  EXPECT_EQ(taken("a", 1).first, nullptr);
}

}  // namespace
}  // namespace logboom::pipeline_test
