#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_file();
}

namespace logboom::test {

constexpr std::int64_t noon = 1700000000;  // 2023-11-14 22:13:20 UTC

/// Files can't grow beyond `bytes` while this lives.
struct SizeLimit {
  explicit SizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before); }
  rlimit before{};
};

/// An out_file that writes below a directory of its own, in UTC.
class OutFileFixture : public ::testing::Test {
 protected:
  OutFileFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "out_file_XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~OutFileFixture() override {
    output.reset();
    std::filesystem::remove_all(root);
  }

  /// `path` is below the directory.
  void make(const std::string& path, const std::string& more = "") {
    context = std::make_unique<TestContext>("@type file\nutc true\npath " + (root / path).string() + "\n" + more);
    context->system_settings = system;
    output = make_output<ChunkOutput>(plugins::out_file(), *context);
  }
  std::string error(const std::string& path, const std::string& more = "") {
    try {
      make(path, more);
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "";
  }
  WriteResult write(std::vector<BatchPtr> batches) {
    const std::string digits = std::to_string(++chunks);
    return output->write(chunk_of(std::move(batches), std::string(32 - digits.size(), '0') + digits));
  }
  void write_fine(std::vector<BatchPtr> batches) {
    const WriteResult result = write(std::move(batches));
    EXPECT_EQ(result.status, WriteResult::Status::done) << result.reason;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(root / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// All regular files below the directory, with their text.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file() || entry.is_symlink()) continue;
      const std::string name = std::filesystem::relative(entry.path(), root).string();
      found[name] = read(name);
    }
    return found;
  }
  using Files = std::map<std::string, std::string>;

  std::filesystem::path root;
  SystemSettings system;
  std::unique_ptr<TestContext> context;
  std::unique_ptr<ChunkOutput> output;
  int chunks = 0;
};

}  // namespace logboom::test
