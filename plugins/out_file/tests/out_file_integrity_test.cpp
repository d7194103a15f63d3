#include <algorithm>
#include <utility>

#include <logboom/integrity.hpp>

#include "out_file_test_support.hpp"

namespace logboom::test {
namespace {

using namespace integrity;

class OutFileIntegrity : public OutFileFixture {
 protected:
  /// The text that the chain's last checkpoint confirms, after a check that the blocks before it fit the file.
  std::uint64_t confirmed(const std::string& name) {
    const std::string text = read(name);
    const std::string chain = read(name + ".integrity");
    Sha256 hash;
    Digest before{};
    std::uint64_t end = 0;
    std::size_t at = magic.size();
    while (const auto record = record_at(chain, at)) {
      EXPECT_EQ(record->digest_after(hash, before), record->digest);
      if (const auto block = record->block()) expect_fits(*block, text);
      if (const auto checkpoint = record->checkpoint()) end = checkpoint->text_end;
      before = record->digest;
      at = record->end;
    }
    EXPECT_EQ(at, chain.size());
    return end;
  }
  static void expect_fits(const Block& block, const std::string& text) {
    ASSERT_LE(block.offset + block.bytes, text.size());
    std::string_view rest = std::string_view(text).substr(block.offset, block.bytes);
    Sha256 leaf;
    Sha256 leaves;
    std::uint32_t pieces = 0;
    for (; !rest.empty(); ++pieces) leaves.add(view(leaf.add(take_piece(rest)).finish()));
    EXPECT_EQ(pieces, block.pieces);
    EXPECT_EQ(leaves.finish(), block.leaves);
  }
};

constexpr const char* appended = "append true\nintegrity sha256\n";

TEST_F(OutFileIntegrity, every_chunk_is_confirmed_in_the_chain_beside_the_file) {
  make("app", appended);
  write_fine({batch_of("t", 0, 10, noon)});
  write_fine({batch_of("t", 10, 40000, noon)});
  EXPECT_EQ(confirmed("app.20231114.log"), read("app.20231114.log").size());
}

TEST_F(OutFileIntegrity, a_failed_write_is_taken_back_from_the_chain_too) {
  make("app", appended);
  write_fine({batch_of("t", 0, 10, noon)});
  const Files before = files();
  {
    SizeLimit limit(1 << 20);
    EXPECT_EQ(write({batch_of("t", 10, 400000, noon)}).status, WriteResult::Status::retry);
  }
  EXPECT_EQ(files(), before);
  write_fine({batch_of("t", 10, 400000, noon)});
  EXPECT_EQ(confirmed("app.20231114.log"), read("app.20231114.log").size());
}

TEST_F(OutFileIntegrity, more_files_than_may_be_open_are_confirmed_in_one_chunk) {
  make("${tag}", cat(appended, "<buffer tag>\n</buffer>"));
  std::vector<BatchPtr> batches;
  for (int n = 0; n < 300; ++n) batches.push_back(batch_of(cat("tag", n), 0, 3));
  write_fine(std::move(batches));
  EXPECT_EQ(files().size(), 600u);
  for (int n = 0; n < 300; ++n) EXPECT_EQ(confirmed(cat("tag", n, ".log")), read(cat("tag", n, ".log")).size());
}

TEST_F(OutFileIntegrity, what_was_closed_and_opened_again_for_a_chunk_is_taken_back_wholly) {
  for (const std::string_view more : {"append true\n", appended}) {
    make("${tag}", cat(more, "<buffer tag>\n</buffer>"));
    std::vector<BatchPtr> first;
    std::vector<BatchPtr> chunk;
    for (int n = 0; n < 300; ++n) first.push_back(batch_of(cat("tag", n), 0, 3));
    for (int round = 1; round < 3; ++round) {
      for (int n = 0; n < 300; ++n) chunk.push_back(batch_of(cat("tag", n), 3 * round, 3));
    }
    chunk.push_back(batch_of("tag7", 9, 20000));
    write_fine(first);
    const Files before = files();
    {
      SizeLimit limit(1 << 16);
      const WriteResult result = write(chunk);
      EXPECT_EQ(result.status, WriteResult::Status::retry);
      EXPECT_EQ(result.reason.find("stays in"), std::string::npos) << result.reason;
    }
    EXPECT_EQ(files(), before) << more;
    write_fine(chunk);
    for (int n = 0; n < 300; ++n) {
      const std::string name = cat("tag", n, ".log");
      const std::string text = read(name);
      EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), n == 7 ? 20009 : 9) << name;
      EXPECT_EQ(more == appended ? confirmed(name) : text.size(), text.size()) << name;
      std::filesystem::remove(root / name);
    }
  }
}

TEST_F(OutFileIntegrity, a_complete_file_that_could_not_be_confirmed_goes_with_its_name) {
  make("app", "append false\nintegrity sha256\n");
  write_fine({batch_of("t", 0, 1, noon)});
  const Files before = files();
  {
    SizeLimit limit(read("app.20231114_0.log.integrity").size() - 1);
    for (int attempt = 0; attempt < 3; ++attempt) {
      const WriteResult result = write({batch_of("t", 1, 1, noon)});
      EXPECT_EQ(result.status, WriteResult::Status::retry);
      EXPECT_EQ(files(), before);
    }
  }
  write_fine({batch_of("t", 1, 1, noon)});
  EXPECT_EQ(files().size(), 4u);
  EXPECT_EQ(confirmed("app.20231114_1.log"), read("app.20231114_1.log").size());
}

TEST_F(OutFileIntegrity, complete_files_that_were_confirmed_go_with_one_that_could_not_be) {
  make("${tag}", "append false\nintegrity sha256\n<buffer tag>\n</buffer>");
  const std::vector<BatchPtr> chunk{batch_of("a", 0, 1), batch_of("b", 0, 50)};
  write_fine(chunk);
  const Files before = files();
  {
    SizeLimit limit(read("b_0.log.integrity").size() - 1);
    EXPECT_EQ(write(chunk).status, WriteResult::Status::retry);
  }
  EXPECT_EQ(files(), before);
  write_fine(chunk);
  EXPECT_EQ(confirmed("a_1.log"), read("a_1.log").size());
  EXPECT_EQ(confirmed("b_1.log"), read("b_1.log").size());
}

TEST_F(OutFileIntegrity, each_complete_file_has_a_chain_that_follows_on_the_one_before) {
  make("app", "append false\nintegrity sha256\n");
  write_fine({batch_of("t", 0, 5, noon)});
  write_fine({batch_of("t", 5, 5, noon)});
  EXPECT_EQ(files().size(), 4u) << "no temporary file is left";
  EXPECT_EQ(confirmed("app.20231114_1.log"), read("app.20231114_1.log").size());
  const std::string first = read("app.20231114_0.log.integrity");
  const std::string second = read("app.20231114_1.log.integrity");
  const auto header = record_at(second, magic.size())->header();
  ASSERT_TRUE(header);
  EXPECT_EQ(header->sequence, 1u);
  EXPECT_TRUE(first.ends_with(view(header->previous)));
}

TEST_F(OutFileIntegrity, a_key_that_is_none_is_told_with_its_name) {
  EXPECT_NE(error("app", cat(appended, "integrity_key ", (root / "nothing").string())).find("nothing"),
            std::string::npos);
  EXPECT_NE(error("app", "integrity_key /nothing").find("integrity sha256"), std::string::npos);
}

TEST_F(OutFileIntegrity, a_line_that_a_crash_tore_is_ended_without_a_chain_too) {
  std::ofstream(root / "app.20231114.log") << "t 1\ntor";
  make("app", "append true");
  write_fine({batch_of("t", 2, 1, noon)});
  EXPECT_EQ(read("app.20231114.log"), "t 1\ntor\nt 2\n");
}

}  // namespace
}  // namespace logboom::test
