#include <logboom/compress.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace {

using logboom::DecompressBudget;
using logboom::DecompressStatus;
using logboom::OutBuffer;

constexpr std::uint64_t mega = 1024 * 1024;

struct Format {
  const char* name;
  void (*compress)(std::string_view, OutBuffer&);
  DecompressStatus (*decompress)(std::span<const std::string_view>, std::uint64_t, DecompressBudget::Share&,
                                 const logboom::DecompressSink&);
};
const Format gzip{"gzip", [](std::string_view data, OutBuffer& out) { logboom::gzip_compress(data, out); },
                  logboom::decompress_gzip};
const Format zstd{"zstd", [](std::string_view data, OutBuffer& out) { logboom::zstd_compress(data, out); },
                  logboom::decompress_zstd};

class Compress : public ::testing::TestWithParam<Format> {
 protected:
  std::string compressed(std::string_view data) const {
    OutBuffer out;
    GetParam().compress(data, out);
    return std::string(out.text());
  }
  DecompressStatus read(std::vector<std::string_view> pieces, std::uint64_t limit = 64 * mega) {
    output.clear();
    DecompressBudget::Share share(budget);
    const auto status = GetParam().decompress(pieces, limit, share, [this](std::string_view piece) {
      EXPECT_LE(piece.size(), 64u * 1024);
      EXPECT_FALSE(piece.empty());
      output += piece;
      return true;
    });
    EXPECT_EQ(share.taken(), output.size());
    return status;
  }
  static std::string noise(std::size_t size) {
    std::mt19937 random(3);
    std::string text;
    while (text.size() < size) text += static_cast<char>('a' + random() % 20);
    return text;
  }

  DecompressBudget budget{256 * mega};
  std::string output;
};

INSTANTIATE_TEST_SUITE_P(Formats, Compress, ::testing::Values(gzip, zstd),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(Compress, what_was_compressed_comes_back) {
  for (const std::string& text : {std::string(), std::string("hello"), noise(300'000), std::string(1'000'000, 'x')}) {
    EXPECT_EQ(read({compressed(text)}), DecompressStatus::ok);
    EXPECT_EQ(output, text);
  }
  EXPECT_EQ(budget.in_use(), 0u);
}

TEST_P(Compress, input_may_be_cut_anywhere) {
  const std::string text = noise(2'000);
  const std::string bytes = compressed(text);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ASSERT_EQ(read({std::string_view(bytes).substr(0, cut), {}, std::string_view(bytes).substr(cut)}),
              DecompressStatus::ok);
    ASSERT_EQ(output, text);
  }
}

TEST_P(Compress, several_members_in_a_row_are_one_text) {
  const std::string bytes = compressed("one ") + compressed("") + compressed("two");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ASSERT_EQ(read({std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}),
              DecompressStatus::ok);
    ASSERT_EQ(output, "one two");
  }
}

TEST_P(Compress, input_that_ends_early_is_truncated) {
  const std::string bytes = compressed(noise(1'000));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(read({std::string_view(bytes).substr(0, size)}), DecompressStatus::truncated) << size;
  }
}

TEST_P(Compress, what_is_of_another_format_is_corrupt) {
  EXPECT_EQ(read({"this is plain text, and not short either"}), DecompressStatus::corrupt);
  EXPECT_EQ(read({compressed("fine") + "garbage behind it"}), DecompressStatus::corrupt);
}

TEST_P(Compress, a_flipped_bit_is_noticed) {
  std::string bytes = compressed(noise(5'000));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  EXPECT_NE(read({bytes}), DecompressStatus::ok);
}

TEST_P(Compress, the_limit_is_exact) {
  const std::string bytes = compressed(std::string(100'000, 'x'));
  EXPECT_EQ(read({bytes}, 100'000), DecompressStatus::ok);
  EXPECT_EQ(read({bytes}, 99'999), DecompressStatus::over_limit);
  EXPECT_LE(output.size(), 99'999u);
}

TEST_P(Compress, a_bomb_is_stopped_at_the_limit) {
  const std::string bomb = compressed(std::string(200 * mega, '\0'));
  EXPECT_LT(bomb.size(), mega);
  EXPECT_EQ(read({bomb}, 4 * mega), DecompressStatus::over_limit);
  EXPECT_LE(output.size(), 4 * mega);
}

TEST_P(Compress, the_budget_counts_everything_held_at_once) {
  const std::string bytes = compressed(std::string(mega, 'x'));
  const std::vector<std::string_view> pieces{bytes};
  const auto drop = [](std::string_view) { return true; };
  DecompressBudget small(mega + mega / 2);
  {
    DecompressBudget::Share first(small);
    DecompressBudget::Share second(small);
    EXPECT_EQ(GetParam().decompress(pieces, 2 * mega, first, drop), DecompressStatus::ok);
    EXPECT_EQ(small.in_use(), mega);
    EXPECT_EQ(GetParam().decompress(pieces, 2 * mega, second, drop), DecompressStatus::over_budget);
    DecompressBudget::Share moved = std::move(first);
    EXPECT_EQ(moved.taken(), mega);
    moved.give_back();
    second.give_back();
    EXPECT_EQ(GetParam().decompress(pieces, 2 * mega, second, drop), DecompressStatus::ok);
  }
  EXPECT_EQ(small.in_use(), 0u);
}

TEST_P(Compress, a_sink_can_stop_it) {
  const std::string bytes = compressed(noise(300'000));
  const std::vector<std::string_view> pieces{bytes};
  DecompressBudget::Share share(budget);
  int calls = 0;
  EXPECT_EQ(GetParam().decompress(pieces, mega, share, [&](std::string_view) { return ++calls < 2; }),
            DecompressStatus::stopped);
  EXPECT_EQ(calls, 2);
}

TEST(Gzip, zeros_behind_the_last_member_are_padding) {
  OutBuffer out;
  logboom::gzip_compress("text", out);
  const std::string bytes = std::string(out.text()) + std::string(700, '\0');
  for (std::size_t cut = out.size(); cut < bytes.size(); cut += 100) {
    const std::vector<std::string_view> pieces{std::string_view(bytes).substr(0, cut),
                                               std::string_view(bytes).substr(cut)};
    DecompressBudget budget(mega);
    DecompressBudget::Share share(budget);
    std::string text;
    EXPECT_EQ(
        logboom::decompress_gzip(pieces, mega, share, [&](std::string_view piece) { return text += piece, true; }),
        DecompressStatus::ok);
    EXPECT_EQ(text, "text");
  }
}

TEST(Decompress, every_status_has_a_text_of_its_own) {
  EXPECT_EQ(to_text(DecompressStatus::over_limit), "decompressed data exceeds the size limit");
  EXPECT_EQ(to_text(DecompressStatus::corrupt), "compressed data is corrupt");
}

}  // namespace
