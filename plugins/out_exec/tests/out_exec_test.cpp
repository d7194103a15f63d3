#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_exec();
}

namespace {

using namespace logboom;
using namespace logboom::test;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class OutExecTest : public ::testing::Test {
 protected:
  OutExecTest() : folder_(fs::temp_directory_path() / cat("out_exec_", ::getpid())) { fs::create_directories(folder_); }
  ~OutExecTest() override { fs::remove_all(folder_); }

  WriteResult run(const std::string& command, const Chunk& chunk, const std::string& more = "") {
    TestContext context("@type exec\ncommand " + command + "\n" + more);
    return make_output<ChunkOutput>(plugins::out_exec(), context)->write(chunk);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(folder_ / name).rdbuf();
    return out.str();
  }

 private:
  fs::path folder_;
};

TEST_F(OutExecTest, gives_the_command_a_file_with_the_events_that_is_gone_afterwards) {
  const WriteResult result =
      run("sh -c 'cp \"$0\" " + path("copy") + "; echo \"$0\" >" + path("name") + "'", chunk_of({batch_of("t", 1, 3)}));
  EXPECT_EQ(result.status, WriteResult::Status::done) << result.reason;
  EXPECT_EQ(text("copy"), "t 1\nt 2\nt 3\n");
  std::string name = text("name");
  name.pop_back();
  EXPECT_FALSE(name.empty());
  EXPECT_FALSE(fs::exists(name));
}

TEST_F(OutExecTest, asks_for_another_attempt_when_the_command_fails) {
  EXPECT_EQ(run("false", chunk_of({batch_of("t", 1, 1)})).status, WriteResult::Status::retry);
  EXPECT_THAT(run("exit 3; :", chunk_of({batch_of("t", 1, 1)})).reason, HasSubstr("ended with 3"));
  EXPECT_THAT(run("no-such-command-here", chunk_of({batch_of("t", 1, 1)})).reason, HasSubstr("127"));
  EXPECT_THAT(run("kill -9 $$; :", chunk_of({batch_of("t", 1, 1)})).reason, HasSubstr("signal 9"));
}

TEST_F(OutExecTest, kills_a_command_that_takes_too_long_with_its_children) {
  const auto begin = std::chrono::steady_clock::now();
  // Where the shell did not come that far, a longer time shows more.
  for (int seconds = 1; seconds <= 8 && text("pid").empty(); seconds *= 2) {
    const WriteResult result =
        run("(sleep 60 & echo $! >" + path("pid") + "; wait); :", chunk_of({batch_of("t", 1, 1)}),
            cat("command_timeout ", seconds, "s"));
    EXPECT_EQ(result.status, WriteResult::Status::retry);
    EXPECT_THAT(result.reason, HasSubstr(cat("longer than ", seconds, " s")));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 50s);
  const pid_t child = std::stoi(text("pid"));
  EXPECT_TRUE(eventually([&] {
    std::ifstream stat(cat("/proc/", child, "/stat"));
    std::string line;
    return !std::getline(stat, line) || line.find(") Z ") != std::string::npos;
  }));
}

TEST_F(OutExecTest, a_tag_never_becomes_a_command) {
  Chunk chunk = chunk_of({batch_of("t", 1, 1)});
  const std::string tag = "a'; touch " + path("hacked") + "; '$(touch " + path("hacked") + ")";
  chunk.tag = Tag::make(tag);
  const WriteResult result = run("printf %s ${tag} >" + path("tag") + " ; :", chunk, "<buffer tag>\n</buffer>");
  EXPECT_EQ(result.status, WriteResult::Status::done) << result.reason;
  EXPECT_EQ(text("tag"), tag);
  EXPECT_FALSE(fs::exists(path("hacked")));
}

TEST_F(OutExecTest, parts_of_a_tag_are_refused) {
  TestContext context("@type exec\ncommand x ${tag[1]}");
  EXPECT_THROW(make_output<ChunkOutput>(plugins::out_exec(), context), ConfigError);
}

TEST_F(OutExecTest, chunks_are_cut_by_time_only_where_the_buffer_says_so) {
  TestContext context("@type exec\ncommand x\n<buffer>\nflush_interval 0.5\n</buffer>");
  const auto output = make_output<ChunkOutput>(plugins::out_exec(), context);
  const BufferSettings settings =
      buffer_settings(context.element(), output->buffer_defaults(), output->waits_for_slice(), {});
  EXPECT_FALSE(settings.by_time);
  EXPECT_EQ(settings.flush_mode, FlushMode::interval);
}

TEST_F(OutExecTest, starts_nothing_when_it_was_interrupted) {
  TestContext context("@type exec\ncommand touch " + path("late") + " ; :");
  const auto output = make_output<ChunkOutput>(plugins::out_exec(), context);
  output->interrupt();
  EXPECT_EQ(output->write(chunk_of({batch_of("t", 1, 1)})).status, WriteResult::Status::retry);
  EXPECT_FALSE(fs::exists(path("late")));
}

}  // namespace
