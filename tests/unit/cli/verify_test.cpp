#include "cli/verify_chain.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include <logboom/log.hpp>

#include "cli/verify_align.hpp"

namespace logboom::test {
namespace {

using namespace integrity;
using Random = std::mt19937;

std::size_t up_to(Random& random, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>(0, most)(random);
}

class Verify : public ::testing::Test {
 protected:
  Verify() {
    std::string pattern = (std::filesystem::temp_directory_path() / "verify_XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~Verify() override { std::filesystem::remove_all(root); }

  /// The lines in blocks of random sizes, each with a checkpoint.
  std::string chain_of(const std::vector<std::string>& lines, Random& random) {
    OutBuffer out;
    Builder builder;
    builder.start(Header{}, out);
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.size(), at + 1 + up_to(random, 9));
      std::string text;
      for (; at < end; ++at) text += lines[at];
      builder.block(text, text.size(), 0, out);
      builder.checkpoint(0, nullptr, out);
    }
    return std::string(out.text());
  }
  VerifyReport verify(const std::string& chain, const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line;
    const std::string path = (root / "file").string();
    std::ofstream(path, std::ios::binary) << text;
    VerifyReport report;
    if (const auto parsed = parse_chain(chain)) {
      check_chain(*parsed, nullptr, report);
      check_text(*parsed, path, report);
    } else {
      report.findings.push_back({"chain", 0, "no chain"});
    }
    return report;
  }
  /// Many of them are alike, and some are empty.
  static std::vector<std::string> some_lines(Random& random) {
    std::vector<std::string> lines(1 + up_to(random, 40));
    for (std::string& line : lines)
      line = std::string(up_to(random, 3), static_cast<char>('a' + up_to(random, 2))) + "\n";
    return lines;
  }

  std::filesystem::path root;
};

/// One change of one line, or of the place of one.
std::vector<std::string> mutated(std::vector<std::string> lines, Random& random) {
  const std::size_t at = up_to(random, lines.size() - 1);
  const auto line = lines.begin() + static_cast<std::ptrdiff_t>(at);
  switch (up_to(random, 4)) {
    case 0: line->insert(up_to(random, line->size() - 1), "!"); break;
    case 1: lines.erase(line); break;
    case 2: lines.insert(line, "b\n"); break;
    case 3: lines.resize(at); break;
    default: std::swap(*line, lines[up_to(random, lines.size() - 1)]);
  }
  return lines;
}

TEST_F(Verify, any_mutation_of_any_line_is_found_and_what_is_before_it_stays_right) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const auto lines = some_lines(random);
    const std::string chain = chain_of(lines, random);
    const auto others = mutated(lines, random);
    const VerifyReport report = verify(chain, others);
    ASSERT_EQ(report.right(), lines == others) << "round " << round;
    std::size_t same = 0;
    while (same < lines.size() && same < others.size() && lines[same] == others[same]) ++same;
    ASSERT_EQ(report.lines_before_any_difference, same) << "round " << round;
  }
}

TEST_F(Verify, any_changed_byte_of_a_chain_is_found) {
  Random random(2);
  const auto lines = some_lines(random);
  const std::string chain = chain_of(lines, random);
  // A last record that is not whole is what a crash leaves, whatever its length says.
  constexpr std::size_t checkpoint = 4 + 1 + 96 + 32;
  for (std::size_t at = 0; at < chain.size(); ++at) {
    if (at == chain.size() - checkpoint) at += 5;
    std::string other = chain;
    other[at] = static_cast<char>(other[at] ^ (1 << up_to(random, 7)));
    ASSERT_FALSE(verify(other, lines).right()) << "byte " << at;
  }
}

TEST_F(Verify, any_beginning_of_a_chain_is_right_only_for_the_lines_that_it_has) {
  Random random(3);
  const auto lines = some_lines(random);
  const std::string chain = chain_of(lines, random);
  for (std::size_t size = 0; size < chain.size(); ++size) {
    const auto parsed = parse_chain(chain.substr(0, size));
    if (!parsed) continue;
    EXPECT_EQ(verify(chain.substr(0, size), lines).right(), parsed->expected.size() == lines.size()) << size;
  }
}

TEST_F(Verify, a_short_digest_that_fits_does_not_hide_a_changed_line) {
  // As if somebody had found a line of the same first 8 bytes: the chain says those of the other line.
  Random random(4);
  const std::string chain = chain_of({"one\n", "two\n"}, random);
  Sha256 hash;
  const Digest other = hash.add("2wo\n").finish();
  const Digest right = hash.add("two\n").finish();
  std::string forged = chain;
  forged.replace(forged.find(std::string(view(right).substr(0, 8))), 8, std::string(view(other).substr(0, 8)));
  const VerifyReport report = verify(forged, {"one\n", "2wo\n"});
  ASSERT_FALSE(report.right());
  EXPECT_TRUE(std::any_of(report.findings.begin(), report.findings.end(), [](const VerifyReport::Finding& finding) {
    return finding.text.find("short digest") != std::string::npos;
  }));
}

TEST(VerifyAlign, lines_that_changed_places_far_apart_are_one_move) {
  std::vector<std::uint64_t> written(2000);
  for (std::size_t i = 0; i < written.size(); ++i) written[i] = i;
  auto found = written;
  found.erase(found.begin() + 10);
  found.insert(found.begin() + 1900, 10);
  const Alignment alignment = align(written, found);
  ASSERT_EQ(alignment.changes.size(), 1u);
  EXPECT_EQ(alignment.changes[0].kind, LineChange::Kind::moved);
  EXPECT_EQ(alignment.changes[0].line, 1900u);
  EXPECT_EQ(alignment.changes[0].written, 10u);
}

TEST(VerifyAlign, a_thousand_lines_that_were_put_in_are_one_finding) {
  const std::vector<std::uint64_t> written{1, 2, 3, 4};
  std::vector<std::uint64_t> found{1, 2};
  for (std::uint64_t i = 0; i < 1000; ++i) found.push_back(100 + i);
  found.insert(found.end(), {3, 4});
  const Alignment alignment = align(written, found);
  ASSERT_EQ(alignment.changes.size(), 1u);
  EXPECT_EQ(alignment.changes[0].count, 1000u);
  EXPECT_EQ(alignment.changes[0].line, 2u);
}

}  // namespace
}  // namespace logboom::test
