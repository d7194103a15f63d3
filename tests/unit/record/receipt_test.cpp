#include <logboom/receipt.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using logboom::Receipt;
using logboom::Receipts;

/// Remembers what a receipt's target was told, and that it was deleted.
struct Witness {
  std::vector<bool> told;
  bool deleted = false;

  Receipt receipt() {
    struct Target : Receipt::Target {
      explicit Target(Witness& w) : witness(w) {}
      ~Target() override { witness.deleted = true; }
      void settled(bool confirmed) noexcept override { witness.told.push_back(confirmed); }
      Witness& witness;
    };
    return Receipt(new Target(*this));
  }
};

static_assert(!std::is_copy_constructible_v<Receipt>, "a share is taken with share()");

TEST(Receipt, a_confirmed_receipt_is_told_so_once_and_ends) {
  Witness witness;
  Receipt receipt = witness.receipt();
  EXPECT_TRUE(witness.told.empty());
  receipt.confirm();
  EXPECT_EQ(witness.told, std::vector<bool>{true});
  EXPECT_TRUE(witness.deleted);
  receipt.confirm();
  EXPECT_EQ(witness.told.size(), 1u);
  EXPECT_FALSE(receipt);
}

TEST(Receipt, one_that_is_destroyed_unconfirmed_has_failed) {
  Witness witness;
  { const Receipt receipt = witness.receipt(); }
  EXPECT_EQ(witness.told, std::vector<bool>{false});
}

TEST(Receipt, every_share_must_be_confirmed) {
  Witness all;
  {
    Receipt first = all.receipt();
    Receipt second = first.share();
    first.confirm();
    EXPECT_TRUE(all.told.empty());
    second.confirm();
  }
  EXPECT_EQ(all.told, std::vector<bool>{true});
  Witness some;
  {
    Receipt first = some.receipt();
    const Receipt second = first.share();
    first.confirm();
  }
  EXPECT_EQ(some.told, std::vector<bool>{false});
}

TEST(Receipt, a_failed_share_counts_even_when_another_is_confirmed_later) {
  Witness witness;
  Receipt kept = witness.receipt();
  { const Receipt lost = kept.share(); }
  kept.confirm();
  EXPECT_EQ(witness.told, std::vector<bool>{false});
}

TEST(Receipt, moving_it_moves_the_promise) {
  Witness witness;
  Receipt from = witness.receipt();
  Receipt to = std::move(from);
  EXPECT_TRUE(witness.told.empty());
  to.confirm();
  EXPECT_EQ(witness.told, std::vector<bool>{true});
}

TEST(Receipt, assigning_over_one_fails_it) {
  Witness old;
  Witness fresh;
  Receipt receipt = old.receipt();
  receipt = fresh.receipt();
  EXPECT_EQ(old.told, std::vector<bool>{false});
  EXPECT_TRUE(fresh.told.empty());
  receipt.confirm();
  EXPECT_EQ(fresh.told, std::vector<bool>{true});
}

TEST(Receipt, none_can_be_shared_and_confirmed) {
  Receipt none;
  Receipt share = none.share();
  share.confirm();
  EXPECT_FALSE(share);
}

TEST(Receipt, shares_may_be_confirmed_on_any_thread) {
  Witness witness;
  Receipt receipt = witness.receipt();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([share = receipt.share()]() mutable { share.confirm(); });
  receipt.confirm();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(witness.told, std::vector<bool>{true});
}

TEST(Receipts, all_receipts_of_a_batch_are_confirmed_together) {
  Witness a;
  Witness b;
  Receipts receipts;
  receipts.add(a.receipt());
  Receipts more;
  more.add(b.receipt());
  receipts.take(std::move(more));
  Receipts second_output = receipts.share();
  receipts.confirm();
  EXPECT_TRUE(a.told.empty());
  second_output.confirm();
  EXPECT_EQ(a.told, std::vector<bool>{true});
  EXPECT_EQ(b.told, std::vector<bool>{true});
  EXPECT_TRUE(receipts.empty());
}

TEST(Receipts, dropping_one_output_s_share_fails_all_of_them) {
  Witness a;
  Witness b;
  {
    Receipts receipts;
    receipts.add(a.receipt());
    receipts.add(b.receipt());
    Receipts other = receipts.share();
    other.confirm();
  }
  EXPECT_EQ(a.told, std::vector<bool>{false});
  EXPECT_EQ(b.told, std::vector<bool>{false});
}

}  // namespace
