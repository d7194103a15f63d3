#include "base/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace logboom {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* stamp = "[0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+ [+-][0-9]+ ";

class LogInFile : public testing::Test {
 protected:
  LogInFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "logboom.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "own.log";
  }
  ~LogInFile() override { std::filesystem::remove_all(folder_); }

  static std::string text_of(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(LogInFile, a_line_has_a_time_with_zone_a_level_and_the_message) {
  const auto log = make_file_log(path_);
  log->warn("no room");
  EXPECT_THAT(text_of(path_), ContainsRegex(std::string("^") + stamp + "\\[warn\\]: no room\n$"));
}

TEST_F(LogInFile, levels_have_fluentds_names) {
  const auto log = make_file_log(path_);
  log->set_level(LogLevel::trace);
  log->trace("1");
  log->debug("2");
  log->error("3");
  log->fatal("4");
  EXPECT_THAT(text_of(path_), ContainsRegex("\\[trace\\]: 1\n.*\\[debug\\]: 2\n.*\\[error\\]: 3\n.*\\[fatal\\]: 4\n"));
}

TEST_F(LogInFile, what_is_below_the_level_is_not_written) {
  const auto log = make_file_log(path_);
  log->debug("quiet");
  log->info("loud");
  log->set_level(LogLevel::off);
  log->fatal("nothing");
  EXPECT_THAT(text_of(path_), HasSubstr("loud"));
  EXPECT_THAT(text_of(path_), Not(HasSubstr("quiet")));
  EXPECT_THAT(text_of(path_), Not(HasSubstr("nothing")));
}

TEST_F(LogInFile, a_message_can_not_pass_for_a_line_of_its_own) {
  const auto log = make_file_log(path_);
  log->info("peer said \x1b[31m\r\n2026-01-01 00:00:00 +0000 [info]: all is well\n");
  EXPECT_THAT(text_of(path_), HasSubstr("peer said \\x1b[31m\\x0d\n  2026-01-01 00:00:00 +0000 [info]: all is well\n"));
}

TEST_F(LogInFile, an_existing_file_is_appended_to) {
  std::ofstream(path_) << "before\n";
  make_file_log(path_)->info("after");
  EXPECT_THAT(text_of(path_), ContainsRegex("^before\n.*after\n$"));
}

TEST_F(LogInFile, reopening_follows_a_rotation) {
  const auto log = make_file_log(path_);
  log->info("first");
  std::filesystem::rename(path_, folder_ / "old.log");
  log->info("second");
  log->reopen();
  log->info("third");
  EXPECT_THAT(text_of(folder_ / "old.log"), ContainsRegex("first\n.*second\n$"));
  EXPECT_THAT(text_of(path_), ContainsRegex(std::string("^") + stamp + "\\[info\\]: third\n$"));
}

TEST_F(LogInFile, reopening_where_that_is_not_possible_keeps_the_old_file_and_says_so) {
  std::filesystem::create_directory(folder_ / "sub");
  const auto log = make_file_log(folder_ / "sub" / "own.log");
  std::filesystem::rename(folder_ / "sub", folder_ / "moved");
  std::ofstream(folder_ / "sub") << "a file, not a folder\n";
  log->reopen();
  EXPECT_THAT(text_of(folder_ / "moved" / "own.log"), HasSubstr("[error]: can't open the log file"));
}

TEST_F(LogInFile, a_file_that_can_not_be_opened_is_an_error_at_start) {
  std::ofstream(path_) << "a file, not a folder\n";
  EXPECT_THROW(make_file_log(path_ / "own.log"), std::runtime_error);
}

TEST_F(LogInFile, folders_are_made) {
  make_file_log(folder_ / "a" / "b" / "own.log")->info("hello");
  EXPECT_THAT(text_of(folder_ / "a" / "b" / "own.log"), HasSubstr("hello"));
}

TEST_F(LogInFile, a_log_can_move_to_a_file) {
  const auto log = make_stderr_log();
  log->move_to_file(path_, {});
  log->info("hello");
  EXPECT_THAT(text_of(path_), HasSubstr("hello"));
  EXPECT_THROW(log->move_to_file(path_ / "own.log", {}), std::runtime_error);
  log->info("still here");
  EXPECT_THAT(text_of(path_), HasSubstr("still here"));
}

TEST_F(LogInFile, json_has_a_time_a_level_and_a_message) {
  const auto log = make_file_log(path_);
  LogStyle style;
  style.format = LogFormat::json;
  style.time_format = "%Y";
  log->set_style(style);
  log->warn("a \"b\"\nc \xff");
  EXPECT_THAT(text_of(path_), ContainsRegex("^\\{\"time\":\"[0-9]{4}\",\"level\":\"warn\",\"message\":"
                                            "\"a \\\\\"b\\\\\"\\\\nc \xef\xbf\xbd\"}\n$"));
}

TEST_F(LogInFile, a_line_that_is_repeated_within_the_interval_is_left_out) {
  const auto log = make_file_log(path_);
  LogStyle style;
  style.time_format = "T";
  style.ignore_repeated = std::chrono::hours(1);
  log->set_style(style);
  for (const char* line : {"a", "a", "b", "a", "a"}) log->info(line);
  log->warn("a");
  EXPECT_EQ(text_of(path_), "T [info]: a\nT [info]: b\nT [info]: a\nT [warn]: a\n");
}

TEST_F(LogInFile, the_same_line_within_the_interval_is_left_out_whatever_is_between) {
  const auto log = make_file_log(path_);
  LogStyle style;
  style.time_format = "T";
  style.ignore_same = std::chrono::hours(1);
  log->set_style(style);
  for (const char* line : {"a", "b", "a", "b", "c"}) log->info(line);
  EXPECT_EQ(text_of(path_), "T [info]: a\nT [info]: b\nT [info]: c\n");
}

TEST_F(LogInFile, is_put_aside_by_size_and_the_oldest_falls_off) {
  LogRotation rotation;
  rotation.size = 1;
  rotation.files = 3;
  const auto log = make_file_log(path_, rotation);
  LogStyle style;
  style.time_format = "T";
  log->set_style(style);
  for (const char* line : {"a", "b", "c", "d"}) log->info(line);
  EXPECT_EQ(text_of(path_), "T [info]: d\n");
  EXPECT_EQ(text_of(path_.string() + ".0"), "T [info]: c\n");
  EXPECT_EQ(text_of(path_.string() + ".1"), "T [info]: b\n");
  EXPECT_FALSE(std::filesystem::exists(path_.string() + ".2"));
}

TEST_F(LogInFile, is_put_aside_by_age_under_the_date_of_its_last_day) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  constexpr std::time_t tuesday = 1'700'006'400;  // 2023-11-15 00:00:00 UTC, a Wednesday, is its end
  const auto names = [&](LogRotation::Age age, std::time_t later) {
    const std::filesystem::path path = folder_ / "aged.log";
    LogRotation rotation;
    rotation.age = age;
    {
      std::ofstream(path) << "old\n";
      const std::array<timespec, 2> times{timespec{tuesday - 1, 0}, timespec{tuesday - 1, 0}};
      EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
      LogFile file(path, rotation);
      file.write("same\n", tuesday - 1);
      file.write("new\n", later);
      EXPECT_EQ(text_of(path), "new\n");
    }
    std::filesystem::remove(path);
    std::string out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      EXPECT_EQ(text_of(entry.path()), "old\nsame\n");
      out += entry.path().filename().string();
      std::filesystem::remove(entry.path());
    }
    return out;
  };
  EXPECT_EQ(names(LogRotation::Age::daily, tuesday), "aged.log.20231114");
  EXPECT_EQ(names(LogRotation::Age::weekly, tuesday + 4 * 86'400), "aged.log.20231118");
  EXPECT_EQ(names(LogRotation::Age::monthly, tuesday + 20 * 86'400), "aged.log.20231130");
}

TEST_F(LogInFile, lines_of_many_threads_stay_whole) {
  const auto log = make_file_log(path_);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&log] {
        for (int n = 0; n < 250; ++n) log->info("a line that stays whole");
      });
    }
  }
  std::istringstream lines(text_of(path_));
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count)
    ASSERT_THAT(line, ContainsRegex(std::string("^") + stamp + "\\[info\\]: a line that stays whole$"));
  EXPECT_EQ(count, 1000);
}

TEST(StderrLog, writes_to_stderr_at_once) {
  const auto log = make_stderr_log();
  testing::internal::CaptureStderr();
  log->info("hello");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), ContainsRegex("\\[info\\]: hello\n$"));
}

TEST(LogLimiter, lets_the_first_through_and_counts_the_others) {
  LogLimiter limiter{std::chrono::hours(1)};
  std::uint64_t suppressed = 99;
  EXPECT_TRUE(limiter.due(suppressed));
  EXPECT_EQ(suppressed, 0U);
  EXPECT_FALSE(limiter.due(suppressed));
  EXPECT_FALSE(limiter.due(suppressed));
}

TEST(LogLimiter, says_how_many_were_kept_back) {
  LogLimiter limiter{std::chrono::seconds(1)};
  std::uint64_t suppressed = 0;
  while (limiter.due(suppressed)) {  // for more than a second between two calls
  }
  std::uint64_t kept_back = 1;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!limiter.due(suppressed) && std::chrono::steady_clock::now() < deadline) {
    ++kept_back;
    std::this_thread::yield();
  }
  EXPECT_EQ(suppressed, kept_back);
}

TEST(Cat, joins_text_and_numbers) { EXPECT_EQ(cat("port ", 24224, ": ", std::string("taken")), "port 24224: taken"); }

}  // namespace
}  // namespace logboom
