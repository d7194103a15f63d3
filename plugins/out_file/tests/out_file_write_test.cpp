#include <unistd.h>
#include <logboom/compress.hpp>

#include <random>
#include <set>

#include "out_file_test_support.hpp"

namespace logboom::test {
namespace {

class OutFileWrites : public OutFileFixture {
 protected:
  static std::string unpack(const std::string& packed, bool gzip) {
    DecompressBudget budget(1 << 30);
    DecompressBudget::Share share(budget);
    const std::string_view input[] = {packed};
    std::string out;
    const auto sink = [&out](std::string_view piece) { return out.append(piece), true; };
    const auto status =
        gzip ? decompress_gzip(input, 1 << 28, share, sink) : decompress_zstd(input, 1 << 28, share, sink);
    EXPECT_EQ(status, DecompressStatus::ok);
    return out;
  }
  static std::string lines(std::string_view tag, int from, int to) {
    std::string out;
    for (int n = from; n < to; ++n) out += cat(tag, " ", n, "\n");
    return out;
  }
};

TEST_F(OutFileWrites, chunks_that_stay_apart_become_complete_numbered_files) {
  make("app", "append false");
  write_fine({batch_of("t", 1, 1, noon)});
  write_fine({batch_of("t", 2, 1, noon)});
  EXPECT_EQ(files(), (Files{{"app.20231114_0.log", "t 1\n"}, {"app.20231114_1.log", "t 2\n"}}));
}

TEST_F(OutFileWrites, compressed_files_are_numbered_and_hold_everything) {
  make("g", "compress gz");
  write_fine({batch_of("t", 0, 50000, noon)});
  EXPECT_EQ(unpack(read("g.20231114_0.log.gz"), true), lines("t", 0, 50000));
  make("z", "compress zstd");
  write_fine({batch_of("t", 0, 10, noon)});
  EXPECT_EQ(unpack(read("z.20231114_0.log.zstd"), false), lines("t", 0, 10));
  EXPECT_EQ(files().size(), 2u) << "no temporary file is left";
}

TEST_F(OutFileWrites, compressed_and_appended_each_chunk_is_one_more_member) {
  make("g", "append true\ncompress gzip");
  write_fine({batch_of("t", 0, 10, noon)});
  const auto first = read("g.20231114.log.gz");
  write_fine({batch_of("t", 10, 10, noon)});
  const auto both = read("g.20231114.log.gz");
  EXPECT_EQ(both.substr(0, first.size()), first);
  EXPECT_EQ(both.substr(first.size(), 2), "\x1f\x8b");
  EXPECT_EQ(unpack(both, true), lines("t", 0, 20));
}

TEST_F(OutFileWrites, after_a_rename_and_reopen_lines_go_on_in_a_new_file) {
  make("app");
  write_fine({batch_of("t", 1, 1, noon)});
  std::filesystem::rename(root / "app.20231114_0.log", root / "old");
  write_fine({batch_of("t", 2, 1, noon)});
  output->reopen();
  write_fine({batch_of("t", 3, 1, noon)});
  EXPECT_EQ(files(), (Files{{"old", "t 1\nt 2\n"}, {"app.20231114_0.log", "t 3\n"}}));
}

TEST_F(OutFileWrites, a_file_that_was_removed_comes_anew) {
  make("app", "append true");
  write_fine({batch_of("t", 1, 1, noon)});
  std::filesystem::remove(root / "app.20231114.log");
  write_fine({batch_of("t", 2, 1, noon)});
  EXPECT_EQ(files(), (Files{{"app.20231114.log", "t 2\n"}}));
}

TEST_F(OutFileWrites, a_failed_write_leaves_nothing_of_the_chunk_and_the_retry_writes_it_once) {
  make("${tag}", "append true\n<buffer tag>\n</buffer>");
  write_fine({batch_of("a", 0, 100), batch_of("b", 0, 100)});
  const Files before = files();
  const std::vector<BatchPtr> chunk{batch_of("b", 100, 10), batch_of("a", 100, 400000)};
  {
    SizeLimit limit(2 << 20);
    const WriteResult result = write(chunk);
    EXPECT_EQ(result.status, WriteResult::Status::retry);
    EXPECT_NE(result.reason.find("can't write to"), std::string::npos);
    EXPECT_NE(result.reason.find("File too large"), std::string::npos);
  }
  EXPECT_EQ(files(), before);
  write_fine(chunk);
  EXPECT_EQ(read("b.log"), lines("b", 0, 110));
  EXPECT_EQ(read("a.log"), lines("a", 0, 400100));
}

TEST_F(OutFileWrites, complete_files_of_a_chunk_go_together_where_one_can_not_be_named) {
  make("${tag}/*/app",
       cat("append false\nsymlink_path ", (root / "newest").string(), "\n<buffer tag,time>\n</buffer>"));
  std::filesystem::create_directories(root / "b" / "20231114_0");
  std::ofstream(root / "b" / "20231114_0" / "app") << "x";
  std::ofstream(root / "b" / "20231114_1") << "no directory";
  const Files before = files();
  const std::vector<BatchPtr> chunk{batch_of("a", 0, 1, noon), batch_of("b", 0, 1, noon)};
  const WriteResult result = write(chunk);
  EXPECT_EQ(result.status, WriteResult::Status::retry);
  EXPECT_NE(result.reason.find("can't rename"), std::string::npos) << result.reason;
  EXPECT_EQ(files(), before);
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(root / "newest")));
  std::filesystem::remove(root / "b" / "20231114_1");
  write_fine(chunk);
  EXPECT_EQ(read("a/20231114_0/app"), "a 0\n");
  EXPECT_EQ(read("b/20231114_1/app"), "b 0\n");
}

TEST_F(OutFileWrites, the_next_number_may_be_a_directory_s) {
  make("*/app", "append false");
  write_fine({batch_of("t", 1, 1, noon)});
  write_fine({batch_of("t", 2, 1, noon)});
  EXPECT_EQ(files(), (Files{{"20231114_0/app", "t 1\n"}, {"20231114_1/app", "t 2\n"}}));
}

TEST_F(OutFileWrites, a_failed_complete_file_leaves_no_trace) {
  make("app", "append false");
  {
    SizeLimit limit(1000);
    EXPECT_EQ(write({batch_of("t", 0, 1000, noon)}).status, WriteResult::Status::retry);
  }
  EXPECT_TRUE(files().empty());
  write_fine({batch_of("t", 0, 1000, noon)});
  EXPECT_EQ(read("app.20231114_0.log"), lines("t", 0, 1000));
}

/// Random, so that compressing it does not make it small.
const std::string& long_tag() {
  static const std::string tag = [] {
    std::mt19937 random(1);
    std::string text(10'000, ' ');
    for (char& c : text) c = static_cast<char>('A' + random() % 50);
    return text;
  }();
  return tag;
}

/// 9 MB of lines for a day, more than is kept in memory, in batches that do not end where pieces do.
std::vector<BatchPtr> much(int day) {
  std::vector<BatchPtr> batches;
  for (int n = 0; n < 900; n += 30) batches.push_back(batch_of(long_tag(), n, 30, noon + day * 86400));
  return batches;
}

TEST_F(OutFileWrites, a_large_chunk_becomes_one_file_of_several_pieces) {
  std::vector<BatchPtr> chunk = much(0);
  const std::vector<BatchPtr> other = much(1);
  chunk.insert(chunk.begin() + 5, batch_of(long_tag(), 0, 3, noon + 2 * 86400));
  chunk.insert(chunk.end(), other.begin(), other.end());
  const std::string all = lines(long_tag(), 0, 900);
  const std::string three = lines(long_tag(), 0, 3);
  for (const char* more : {"append false", "append true\ncompress gzip", "compress gzip", "compress zstd"}) {
    make("app", more);
    write_fine(chunk);
    std::multiset<std::size_t> sizes;
    for (const auto& [name, text] : files()) {
      const bool gzip = name.ends_with(".gz");
      const std::string plain = gzip || name.ends_with(".zstd") ? unpack(text, gzip) : text;
      EXPECT_TRUE(plain == all || plain == three) << name << " " << more;
      sizes.insert(plain.size());
      std::filesystem::remove(root / name);
    }
    EXPECT_EQ(sizes, (std::multiset<std::size_t>{three.size(), all.size(), all.size()})) << more;
  }
}

TEST_F(OutFileWrites, a_large_chunk_that_fails_at_its_end_leaves_no_trace) {
  const std::string all = lines(long_tag(), 0, 900);
  for (const char* more : {"append false", "append true\ncompress gzip", "compress gzip\nintegrity sha256"}) {
    make("app", more);
    const bool packed = std::string_view(more).find("gzip") != std::string_view::npos;
    write_fine(much(0));
    std::uint64_t size = 0;
    for (const auto& [name, text] : files()) size = std::max<std::uint64_t>(size, text.size());
    for (const auto& [name, text] : files()) std::filesystem::remove(root / name);
    output->reopen();
    {
      SizeLimit limit(size - 1);
      EXPECT_EQ(write(much(0)).status, WriteResult::Status::retry) << more;
    }
    for (const auto& [name, text] : files()) EXPECT_TRUE(text.empty()) << name << " " << more;
    write_fine(much(0));
    for (const auto& [name, text] : files()) {
      const bool is_chain = name.ends_with(".integrity");
      EXPECT_TRUE(is_chain || (packed ? unpack(text, true) : text) == all) << name << " " << more;
      std::filesystem::remove(root / name);
    }
  }
}

TEST_F(OutFileWrites, a_directory_that_can_not_be_made_is_a_retry) {
  std::ofstream(root / "file") << "x";
  make("file/app", "append true");
  const WriteResult result = write({batch_of("t", 1, 1)});
  EXPECT_EQ(result.status, WriteResult::Status::retry);
  EXPECT_NE(result.reason.find("file"), std::string::npos);
}

std::size_t open_descriptors() {
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST_F(OutFileWrites, many_tags_need_a_bounded_number_of_descriptors) {
  make("${tag}", "append true\n<buffer tag>\n</buffer>");
  const std::size_t before = open_descriptors();
  std::vector<BatchPtr> batches;
  for (int round = 0; round < 2; ++round) {
    for (int n = 0; n < 1000; ++n) batches.push_back(batch_of("tag" + std::to_string(n), round, 1));
  }
  write_fine(batches);
  EXPECT_LE(open_descriptors(), before + 257);
  const Files all = files();
  ASSERT_EQ(all.size(), 1000u);
  for (const auto& [name, text] : all) {
    const std::string tag = name.substr(0, name.size() - 4);
    EXPECT_EQ(text, tag + " 0\n" + tag + " 1\n");
  }
}

TEST_F(OutFileWrites, what_the_formatter_refuses_is_counted_and_the_rest_written) {
  make("app", "append true\n<buffer []>\n</buffer>");
  const WriteResult result = write({batch_of("t", -2, 4)});
  EXPECT_EQ(result.invalid_events, 2u);
  EXPECT_EQ(read("app.log"), "t 0\nt 1\n");
}

TEST_F(OutFileWrites, a_device_can_be_the_file) {
  context = std::make_unique<TestContext>(
      "@type file\npath /dev/full\nappend true\nadd_path_suffix false\n<buffer []>\n</buffer>");
  output = make_output<ChunkOutput>(plugins::out_file(), *context);
  const WriteResult result = write({batch_of("t", 1, 1)});
  EXPECT_EQ(result.status, WriteResult::Status::retry);
  EXPECT_NE(result.reason.find("No space left on device"), std::string::npos);
}

}  // namespace
}  // namespace logboom::test
