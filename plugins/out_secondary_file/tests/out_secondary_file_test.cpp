#include <gmock/gmock.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_secondary_file();
}

namespace {

using namespace logboom;
using namespace logboom::test;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / cat("secondary_file_", ::getpid())) {}
  ~Folder() { fs::remove_all(path); }
  std::string text(const std::string& name) const {
    gzFile file = ::gzopen((path / name).c_str(), "rb");
    if (file == nullptr) return "(none)";
    std::string out(4096, 0);
    out.resize(static_cast<std::size_t>(::gzread(file, out.data(), 4096)));
    ::gzclose(file);
    return out;
  }
  fs::path path;
};

std::string bytes_of(const BatchPtr& batch) {
  const Span& span = batch->spans()[0];
  return {reinterpret_cast<const char*>(span.data), span.size};
}

WriteResult write(const Folder& folder, const std::string& more, const Chunk& chunk) {
  TestContext context("@type secondary_file\ndirectory " + folder.path.string() + "/in\n" + more, "secondary");
  return make_output<ChunkOutput>(plugins::out_secondary_file(), context)->write(chunk);
}

TEST(OutSecondaryFile, gives_each_chunk_a_file_with_the_events_bytes) {
  const Folder folder;
  const BatchPtr one = batch_of("t", 1, 3);
  const BatchPtr two = batch_of("t", 4, 2);
  EXPECT_EQ(write(folder, "", chunk_of({one, two})).status, WriteResult::Status::done);
  EXPECT_EQ(write(folder, "", chunk_of({two})).status, WriteResult::Status::done);
  EXPECT_EQ(folder.text("in/dump.bin.0"), bytes_of(one) + bytes_of(two));
  EXPECT_EQ(folder.text("in/dump.bin.1"), bytes_of(two));
}

TEST(OutSecondaryFile, appends_compresses_and_fills_in_placeholders) {
  const Folder folder;
  const BatchPtr one = batch_of("t", 1, 3);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(write(folder, "basename x.${chunk_id}\nappend true\ncompress gzip", chunk_of({one}, "abc")).status,
              WriteResult::Status::done);
  EXPECT_EQ(folder.text("in/x.abc.gz"), bytes_of(one) + bytes_of(one));
  std::ifstream raw(folder.path / "in/x.abc.gz", std::ios::binary);
  EXPECT_EQ(raw.get(), 0x1f) << "a gzip file";
}

TEST(OutSecondaryFile, asks_for_another_attempt_where_it_cannot_write) {
  const Folder folder;
  fs::create_directories(folder.path);
  std::ofstream(folder.path / "in") << "a file is in the way";
  const WriteResult result = write(folder, "", chunk_of({batch_of("t", 1, 1)}));
  EXPECT_EQ(result.status, WriteResult::Status::retry);
  EXPECT_THAT(result.reason, HasSubstr("can't write"));
}

/// Some events, and then damage.
class DamagedSource : public ChunkSource {
 public:
  void read(const Visit& visit) const override {
    if (visit(batch_of("t", 7, 3))) throw ChunkUnreadable("it is damaged");
  }
};

TEST(OutSecondaryFile, leaves_nothing_of_a_chunk_that_it_can_not_read) {
  const DamagedSource source;
  Chunk damaged;
  damaged.id = "abc";
  damaged.source = &source;
  for (const std::string kind : {"text", "gzip"}) {
    const Folder folder;
    const std::string name = kind == "gzip" ? "in/dump.bin.gz" : "in/dump.bin";
    const BatchPtr good = batch_of("t", 1, 3);
    const auto write_to = [&](const Chunk& chunk) {
      return write(folder, "append true\ncompress " + kind, chunk).status;
    };
    EXPECT_EQ(write_to(damaged), WriteResult::Status::retry);
    EXPECT_EQ(folder.text(name), "");
    EXPECT_EQ(write_to(chunk_of({good})), WriteResult::Status::done);
    EXPECT_EQ(write_to(damaged), WriteResult::Status::retry);
    EXPECT_EQ(folder.text(name), bytes_of(good));
    EXPECT_EQ(write_to(chunk_of({good})), WriteResult::Status::done);
    EXPECT_EQ(folder.text(name), bytes_of(good) + bytes_of(good));
    EXPECT_EQ(write(folder, "basename own", damaged).status, WriteResult::Status::retry);
    EXPECT_FALSE(fs::exists(folder.path / "in/own.0"));
  }
}

TEST(OutSecondaryFile, stands_in_secondary_only) {
  TestContext context("@type secondary_file\ndirectory /tmp/x");
  EXPECT_THROW(make_output<ChunkOutput>(plugins::out_secondary_file(), context), ConfigError);
}

}  // namespace
