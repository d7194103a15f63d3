#include <logboom/timefmt.hpp>

#include <gtest/gtest.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace logboom {
namespace {

constexpr EventTime sample{1'700'000'000, 5};  // 2023-11-14 22:13:20.000000005 UTC, a Tuesday

std::string format(std::string_view format, EventTime t = sample, const TimeZone& zone = TimeZone::utc()) {
  return TimeFormatter::compile(format, zone).format(t);
}

TEST(TimeFormat, the_stdout_format_prints_nine_digits_and_the_offset) {
  EXPECT_EQ(format("%Y-%m-%d %H:%M:%S.%N %z"), "2023-11-14 22:13:20.000000005 +0000");
}

TEST(TimeFormat, iso8601_ends_in_z_for_utc_and_in_an_offset_elsewhere) {
  for (const char* name : {"", "iso8601", "%iso8601"}) {
    EXPECT_EQ(format(name), "2023-11-14T22:13:20Z");
    EXPECT_EQ(format(name, sample, TimeZone::named("+00:00")), "2023-11-14T22:13:20+00:00");
    EXPECT_EQ(format(name, sample, TimeZone::named("Asia/Kolkata")), "2023-11-15T03:43:20+05:30");
  }
}

TEST(TimeFormat, conversions_agree_with_gnu_date) {
  const EventTime t{1'709'528'585, 123'456'789};  // 2024-03-04 05:03:05 UTC, a Monday
  EXPECT_EQ(format("%a %A %b %B %h %d %e %-d %j %m %-m %y %Y %C", t),
            "Mon Monday Mar March Mar 04  4 4 064 03 3 24 2024 20");
  EXPECT_EQ(format("%H %I %k %l %M %S %p %P %-H %-I", t), "05 05  5  5 03 05 AM am 5 5");
  EXPECT_EQ(format("%T|%F|%D|%R|%r|%c|%x|%X", t),
            "05:03:05|2024-03-04|03/04/24|05:03|05:03:05 AM|Mon Mar  4 05:03:05 2024|03/04/24|05:03:05");
  EXPECT_EQ(format("%u %w %U %W %V %G %g %s", t), "1 1 09 10 10 2024 24 1709528585");
  EXPECT_EQ(format("%v|%+|%n%t%%", t), " 4-MAR-2024|Mon Mar  4 05:03:05 UTC 2024|\n\t%");
  EXPECT_EQ(format("%I %l %p", {1'709'510'400, 0}), "12 12 AM");
  EXPECT_EQ(format("%I %l %p", {1'709'553'600, 0}), "12 12 PM");
}

TEST(TimeFormat, iso_weeks_belong_to_the_year_of_their_thursday) {
  EXPECT_EQ(format("%G-W%V-%u %U %W", {1'104'537'600, 0}), "2004-W53-6 00 00");  // 2005-01-01
  EXPECT_EQ(format("%G-W%V-%u %U %W", {1'230'768'000, 0}), "2009-W01-4 00 00");  // 2009-01-01
  EXPECT_EQ(format("%G-W%V-%u %U %W", {1'230'681'600, 0}), "2009-W01-3 52 52");  // 2008-12-31
  EXPECT_EQ(format("%G-W%V-%u %U %W", {1'293'926'400, 0}), "2010-W52-7 01 00");  // 2011-01-02
}

TEST(TimeFormat, fractions_are_cut_to_their_width) {
  const EventTime t{0, 987'654'321};
  EXPECT_EQ(format("%N|%L|%3N|%6N|%9N|%1N|%6L|%12N", t), "987654321|987|987|987654|987654321|9|987654|987654321000");
  EXPECT_EQ(format("%S.%N", {0, 4'000'000'000U}), "00.999999999");
}

TEST(TimeFormat, flags_and_widths_are_those_of_ruby) {
  EXPECT_EQ(format("%^a %^B %#p %#b %10A|%-10A|%010A"), "TUE NOVEMBER pm NOV    Tuesday|Tuesday|000Tuesday");
  EXPECT_EQ(format("%_m %_H %0e %-j %6Y %_6Y %3d"), "11 22 14 318 002023   2023 014");
  EXPECT_EQ(format("%z %:z %::z %10z", sample, TimeZone::named("-03:30")), "-0330 -03:30 -03:30:00 -000000330");
  EXPECT_THROW(format("%9999Y"), std::invalid_argument);
}

TEST(TimeFormat, what_is_no_conversion_stands_for_itself) {
  EXPECT_EQ(format("%Q %: %:Y 100% %"), "%Q %: %:Y 100% %");
  EXPECT_EQ(format("no time"), "no time");
}

TEST(TimeFormat, events_of_one_second_differ_only_in_their_fraction) {
  TimeFormatter formatter = TimeFormatter::compile("[%d %H:%M:%S.%3N %L] ", TimeZone::utc());
  std::string out = "log ";
  formatter.append(out, {59, 1'000'000});
  formatter.append(out, {59, 999'999'999});
  formatter.append(out, {60, 0});
  formatter.append(out, {59, 2'000'000});
  EXPECT_EQ(out, "log [01 00:00:59.001 001] [01 00:00:59.999 999] [01 00:01:00.000 000] [01 00:00:59.002 002] ");
}

TEST(TimeFormat, a_copy_keeps_its_own_second) {
  TimeFormatter first = TimeFormatter::compile("%s.%3N", TimeZone::utc());
  EXPECT_EQ(first.format({1, 0}), "1.000");
  TimeFormatter second = first;
  EXPECT_EQ(second.format({2, 5'000'000}), "2.005");
  EXPECT_EQ(first.format({1, 7'000'000}), "1.007");
}

TEST(TimeFormat, years_far_away_and_before_1970_are_printed) {
  EXPECT_EQ(format("%F %T", {-1, 0}), "1969-12-31 23:59:59");
  EXPECT_EQ(format("%F %a", {253'402'300'800, 0}), "10000-01-01 Sat");
  EXPECT_EQ(format("%F %y %C", {-62'198'755'200, 0}), "-0001-01-01 99 -1");
  EXPECT_EQ(format("%Y", {-62'167'219'200, 0}), "0000");
  EXPECT_EQ(format("%F", {-2'203'891'200, 0}), "1900-03-01");
  for (const char* zone : {"UTC", "local", "+14:00", "Europe/Berlin"}) {
    for (const std::int64_t sec :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
      EXPECT_EQ(format("%s %c %G %V %Z", {sec, 0}, TimeZone::named(zone)).substr(0, 20),
                std::to_string(sec).append(" ").substr(0, 20));
    }
  }
}

TEST(TimeZones, berlin_changes_at_one_in_the_morning_utc) {
  const TimeZone berlin = TimeZone::named("Europe/Berlin");
  const auto at = [&](std::int64_t sec) { return format("%F %T %z %Z", {sec, 0}, berlin); };
  EXPECT_EQ(at(1'711'846'799), "2024-03-31 01:59:59 +0100 CET");
  EXPECT_EQ(at(1'711'846'800), "2024-03-31 03:00:00 +0200 CEST");
  EXPECT_EQ(at(1'729'990'799), "2024-10-27 02:59:59 +0200 CEST");
  EXPECT_EQ(at(1'729'990'800), "2024-10-27 02:00:00 +0100 CET");
  // Beyond the recorded changes, where only the yearly rule is left.
  EXPECT_EQ(at(4'866'296'399), "2124-03-16 21:59:59 +0100 CET");
  EXPECT_EQ(at(4'876'000'000), "2124-07-07 06:26:40 +0200 CEST");
  EXPECT_EQ(at(-3'000'000'000), "1874-12-07 19:33:28 +0053 LMT");
}

TEST(TimeZones, half_hour_and_southern_zones_are_right) {
  EXPECT_EQ(format("%F %T %:z %Z", sample, TimeZone::named("Asia/Kolkata")), "2023-11-15 03:43:20 +05:30 IST");
  EXPECT_EQ(format("%F %T %:z", sample, TimeZone::named("Asia/Kathmandu")), "2023-11-15 03:58:20 +05:45");
  EXPECT_EQ(format("%F %T %:z", sample, TimeZone::named("Australia/Lord_Howe")), "2023-11-15 09:13:20 +11:00");
  EXPECT_EQ(format("%F %T %:z", {1'720'000'000, 0}, TimeZone::named("Australia/Lord_Howe")),
            "2024-07-03 20:16:40 +10:30");
  EXPECT_EQ(format("%F %T %Z", {4'102'444'800, 0}, TimeZone::named("America/New_York")), "2099-12-31 19:00:00 EST");
  EXPECT_EQ(format("%F %T %:z", {4'102'444'800, 0}, TimeZone::named("Pacific/Auckland")), "2100-01-01 13:00:00 +13:00");
}

TEST(TimeZones, offsets_are_read_in_fluentds_three_forms) {
  for (const char* name : {"+09:00", "+0900", "+09"}) {
    EXPECT_EQ(format("%H:%M %z%Z", sample, TimeZone::named(name)), "07:13 +0900") << name;
  }
  EXPECT_EQ(TimeZone::named("-0330").at(0).utc_offset, -12'600);
  EXPECT_TRUE(TimeZone::named("UTC").is_utc());
  EXPECT_FALSE(TimeZone::named("+00:00").is_utc());
  for (const char* name : {"+9", "+09:0", "+09:000", "0900", "+09-00", "+090"}) {
    EXPECT_THROW(TimeZone::named(name), std::invalid_argument) << name;
  }
}

TEST(TimeZones, an_unknown_name_is_refused_by_name) {
  for (const char* name : {"Mars/Olympus", "Europe", "", "/etc/localtime", "../../../etc/passwd", "tzdata.zi"}) {
    EXPECT_THROW(TimeZone::named(name), std::invalid_argument) << name;
  }
  try {
    TimeZone::named("Mars/Olympus");
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "unknown time zone 'Mars/Olympus'");
  }
}

// Sets a variable of the environment for the length of a test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (old_) {
      setenv(name_, old_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
    tzset();
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(TimeZones, local_time_is_that_of_the_machine) {
  const Environment tz("TZ", "Asia/Tokyo");
  EXPECT_EQ(format("%F %T %z %Z", sample, TimeZone::local()), "2023-11-15 07:13:20 +0900 JST");
}

TEST(TimeZones, a_machine_without_a_database_is_told_apart_from_a_wrong_name) {
  const Environment directory("TZDIR", testing::TempDir() + "no-such-directory");
  try {
    TimeZone::named("Asia/Tokyo");
    FAIL() << "found";
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("there is no time zone database in"), std::string::npos) << e.what();
  }
  EXPECT_EQ(TimeZone::named("+09:00").at(0).utc_offset, 32'400);
}

TEST(TimeZones, a_file_cut_anywhere_is_refused) {
  std::ifstream in("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::string directory = testing::TempDir() + "logboom-zones-" + std::to_string(getpid());
  std::filesystem::create_directories(directory);
  const Environment zones("TZDIR", directory);
  const auto write = [&](std::string_view data) { std::ofstream(directory + "/Cut", std::ios::binary) << data; };
  for (std::size_t n = 0; n < whole.size(); n += n < 100 ? 1 : 41) {
    write(std::string_view(whole).substr(0, n));
    EXPECT_THROW(TimeZone::named("Cut"), std::invalid_argument) << n;
  }
  write(whole);
  EXPECT_EQ(TimeZone::named("Cut").at(1'720'000'000).abbreviation, "CEST");
  std::filesystem::remove_all(directory);
}

TEST(TimeKeys, the_time_part_is_as_fine_as_the_slice) {
  using std::chrono::seconds;
  EXPECT_EQ(timekey_format(seconds(59)), "%Y%m%d%H%M%S");
  EXPECT_EQ(timekey_format(seconds(60)), "%Y%m%d%H%M");
  EXPECT_EQ(timekey_format(seconds(3600)), "%Y%m%d%H");
  EXPECT_EQ(timekey_format(seconds(86'400)), "%Y%m%d");
}

TEST(TimeKeys, slices_start_at_the_zones_midnight) {
  EXPECT_EQ(timekey_floor(1'700'000'000, 86'400, 0), 1'699'920'000);
  EXPECT_EQ(timekey_floor(1'700'000'000, 86'400, 32'400), 1'699'974'000);
  EXPECT_EQ(timekey_floor(1'700'000'000, 86'400, -12'600), 1'699'932'600);
  EXPECT_EQ(timekey_floor(-1, 3600, 0), -3600);
  EXPECT_EQ(timekey_floor(125, 60, 0), 120);
  EXPECT_EQ(timekey_floor(125, 0, 0), 125);
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(timekey_floor(lowest, 86'400, 3600), lowest);
}

}  // namespace
}  // namespace logboom
