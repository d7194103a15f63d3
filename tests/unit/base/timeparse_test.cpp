#include <logboom/timeparse.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace logboom {
namespace {

constexpr std::int64_t noon = 1'700'000'000 - 10 * 3600 - 13 * 60 - 20;  // 2023-11-14 12:00:00 UTC
std::int64_t fake_now = noon;
std::int64_t fake_clock() noexcept { return fake_now; }

std::string text_of(const std::optional<EventTime>& time) {
  if (!time) return "none";
  return TimeFormatter::compile(time->nsec == 0 ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M:%S.%N", TimeZone::utc())
      .format(*time);
}

std::string parse(std::string_view format, std::string_view text, const TimeZone& zone = TimeZone::utc()) {
  TimeParser parser = TimeParser::compile(format, zone, fake_clock);
  EventTime time;
  return parser.parse(text, time) ? text_of(time) : "none";
}

TEST(TimeParse, an_apache_time_is_read_with_its_offset) {
  EXPECT_EQ(parse("%d/%b/%Y:%H:%M:%S %z", "14/Nov/2023:22:13:20 +0000"), "2023-11-14 22:13:20");
  EXPECT_EQ(parse("%d/%b/%Y:%H:%M:%S %z", "14/Nov/2023:22:13:20 +0900"), "2023-11-14 13:13:20");
  EXPECT_EQ(parse("%d/%b/%Y:%H:%M:%S %z", "14/Nov/2023:22:13:20 -03:30"), "2023-11-15 01:43:20");
}

TEST(TimeParse, what_formatting_wrote_parsing_reads) {
  for (const char* format :
       {"%Y-%m-%d %H:%M:%S.%N %z", "%d/%b/%Y:%H:%M:%S.%L %z", "%c", "%F %T", "%D %r", "%s", "%v %X", "%Y%m%d%H%M%S",
        "%Y%jT%H%M%S", "%A, %e %B %Y %l:%M:%S %P", "%+", "%iso8601", "%C%y-%m-%d %k"}) {
    for (const std::int64_t sec : {1'700'000'000LL, 1'709'161'445LL, 951'827'696LL, 1'704'067'199LL}) {
      TimeFormatter out = TimeFormatter::compile(format, TimeZone::utc());
      const std::string text = out.format({sec, 0});
      TimeParser in = TimeParser::compile(format, TimeZone::utc(), fake_clock);
      EventTime time;
      ASSERT_TRUE(in.parse(text, time)) << format << ": " << text;
      EXPECT_EQ(out.format(time), text) << format;
    }
  }
}

TEST(TimeParse, names_match_whatever_their_case_whole_or_by_three_letters) {
  for (const char* text : {"14 NOV 2023", "14 nov 2023", "14 November 2023", "14 novEMBER 2023"}) {
    EXPECT_EQ(parse("%d %b %Y", text), "2023-11-14 00:00:00") << text;
  }
  EXPECT_EQ(parse("%a, %d %B %Y", "TUESDAY, 14 Nov 2023"), "2023-11-14 00:00:00");
  EXPECT_EQ(parse("%d %b %Y", "14 Novem 2023"), "none");
  EXPECT_EQ(parse("%d %b %Y", "14 Xyz 2023"), "none");
}

TEST(TimeParse, numbers_may_lack_the_leading_zero_or_have_a_blank_for_it) {
  EXPECT_EQ(parse("%Y-%m-%d %H:%M:%S", "2023-3-4 5:6:7"), "2023-03-04 05:06:07");
  EXPECT_EQ(parse("%b %e %H:%M:%S %Y", "Mar  4 05:06:07 2023"), "2023-03-04 05:06:07");
  EXPECT_EQ(parse("%b %d %k:%M:%S %Y", "Mar  4  5:06:07 2023"), "2023-03-04 05:06:07");
}

TEST(TimeParse, white_space_in_a_format_is_any_amount_of_it) {
  EXPECT_EQ(parse("%Y-%m-%d %H:%M", "2023-11-14    22:13"), "2023-11-14 22:13:00");
  EXPECT_EQ(parse("%Y-%m-%d %H:%M", "2023-11-14\t22:13"), "2023-11-14 22:13:00");
  EXPECT_EQ(parse("%Y-%m-%d%n%H:%M", "  2023-11-14\n22:13 \r\n"), "2023-11-14 22:13:00");
}

TEST(TimeParse, fractions_have_any_number_of_digits) {
  EXPECT_EQ(parse("%H:%M:%S.%N %F", "22:13:20.5 2023-11-14"), "2023-11-14 22:13:20.500000000");
  EXPECT_EQ(parse("%F %T,%L", "2023-11-14 22:13:20,001"), "2023-11-14 22:13:20.001000000");
  EXPECT_EQ(parse("%F %T.%N", "2023-11-14 22:13:20.12345678999"), "2023-11-14 22:13:20.123456789");
  EXPECT_EQ(parse("%F %T.%3N", "2023-11-14 22:13:20.123"), "2023-11-14 22:13:20.123000000");
  EXPECT_EQ(parse("%F %T.%3N", "2023-11-14 22:13:20.1234"), "none");
  EXPECT_EQ(parse("%F %T.%N", "2023-11-14 22:13:20."), "none");
  EXPECT_EQ(parse("%Y%m%d%H%M%S%L", "20231114221320123"), "2023-11-14 22:13:20.123000000");
}

TEST(TimeParse, zones_are_offsets_letters_and_the_names_that_ruby_knows) {
  const auto at = [](std::string_view zone) { return parse("%H:%M %F %z", "12:00 2023-11-14 " + std::string(zone)); };
  EXPECT_EQ(at("Z"), "2023-11-14 12:00:00");
  EXPECT_EQ(at("UTC"), "2023-11-14 12:00:00");
  EXPECT_EQ(at("+09"), "2023-11-14 03:00:00");
  EXPECT_EQ(at("+9"), "2023-11-14 03:00:00");
  EXPECT_EQ(at("-0130"), "2023-11-14 13:30:00");
  EXPECT_EQ(at("GMT+2"), "2023-11-14 10:00:00");
  EXPECT_EQ(at("JST"), "2023-11-14 03:00:00");
  EXPECT_EQ(at("est"), "2023-11-14 17:00:00");
  EXPECT_EQ(at("PDT"), "2023-11-14 19:00:00");
  EXPECT_EQ(at("CEST"), "2023-11-14 10:00:00");
  EXPECT_EQ(at("b"), "2023-11-14 10:00:00");
  EXPECT_EQ(at("+25:00"), "none");
  EXPECT_EQ(at("+"), "none");
  EXPECT_EQ(at(""), "none");
}

TEST(TimeParse, a_zone_of_which_nothing_is_known_is_the_parsers_own) {
  EXPECT_EQ(parse("%H:%M %F %Z", "12:00 2023-11-14 XYZT", TimeZone::named("+02:00")), "2023-11-14 10:00:00");
}

TEST(TimeParse, what_stands_behind_the_format_is_no_match) {
  EXPECT_EQ(parse("%Y-%m-%d", "2023-11-14x"), "none");
  EXPECT_EQ(parse("%Y-%m-%d", "2023-11-14 12:00"), "none");
  EXPECT_EQ(parse("%Y-%m-%d", "2023-11"), "none");
  EXPECT_EQ(parse("%Y-%m-%d", ""), "none");
}

TEST(TimeParse, days_and_hours_that_do_not_exist_are_no_match) {
  for (const char* text : {"2023-02-29 00:00:00", "2023-13-01 00:00:00", "2023-00-10 00:00:00", "2023-04-31 00:00:00",
                           "2023-01-00 00:00:00", "2023-01-01 25:00:00", "2023-01-01 24:00:01", "2023-01-01 00:60:00",
                           "2023-01-01 00:00:61"}) {
    EXPECT_EQ(parse("%Y-%m-%d %H:%M:%S", text), "none") << text;
  }
  EXPECT_EQ(parse("%Y-%m-%d %H:%M:%S", "2024-02-29 24:00:00"), "2024-03-01 00:00:00");
  EXPECT_EQ(parse("%Y-%m-%d %H:%M:%S", "2016-12-31 23:59:60"), "2017-01-01 00:00:00");
  EXPECT_EQ(parse("%I:%M %F", "13:00 2023-01-01"), "none");
}

TEST(TimeParse, twelve_hours_with_am_and_pm) {
  EXPECT_EQ(parse("%F %I:%M %p", "2023-01-01 12:30 AM"), "2023-01-01 00:30:00");
  EXPECT_EQ(parse("%F %I:%M %p", "2023-01-01 12:30 p.m."), "2023-01-01 12:30:00");
  EXPECT_EQ(parse("%F %I:%M %p", "2023-01-01 1:30 pm"), "2023-01-01 13:30:00");
}

TEST(TimeParse, years_of_two_digits_begin_in_1969) {
  EXPECT_EQ(parse("%y-%m-%d", "69-01-01"), "1969-01-01 00:00:00");
  EXPECT_EQ(parse("%y-%m-%d", "68-01-01"), "2068-01-01 00:00:00");
}

TEST(TimeParse, seconds_since_1970) {
  EXPECT_EQ(parse("%s", "1700000000"), "2023-11-14 22:13:20");
  EXPECT_EQ(parse("%s.%N", "1700000000.25"), "2023-11-14 22:13:20.250000000");
  EXPECT_EQ(parse("%s", "-1"), "1969-12-31 23:59:59");
  EXPECT_EQ(parse("%Q", "1700000000250"), "2023-11-14 22:13:20.250000000");
  EXPECT_EQ(parse("%s", "99999999999999999999"), "none");
}

TEST(TimeParse, without_a_year_it_is_the_last_one_in_which_the_time_is_not_ahead) {
  const char* format = "%b %d %H:%M:%S";
  EXPECT_EQ(parse(format, "Nov 14 11:00:00"), "2023-11-14 11:00:00");
  EXPECT_EQ(parse(format, "Nov 15 11:00:00"), "2023-11-15 11:00:00") << "a clock that is a bit fast";
  EXPECT_EQ(parse(format, "Nov 16 11:00:00"), "2022-11-16 11:00:00");
  EXPECT_EQ(parse(format, "Feb 29 00:00:00"), "2020-02-29 00:00:00");
  fake_now = 1'704'067'210;  // 2024-01-01 00:00:10
  EXPECT_EQ(parse(format, "Dec 31 23:59:59"), "2023-12-31 23:59:59");
  fake_now = 1'704'067'190;  // 2023-12-31 23:59:50
  EXPECT_EQ(parse(format, "Jan  1 00:00:01"), "2024-01-01 00:00:01");
  fake_now = noon;
}

TEST(TimeParse, without_a_date_it_is_the_day_near_now) {
  EXPECT_EQ(parse("%H:%M:%S", "11:00:00"), "2023-11-14 11:00:00");
  EXPECT_EQ(parse("%H:%M:%S", "23:59:59"), "2023-11-14 23:59:59");
  EXPECT_EQ(parse("%H:%M:%S %z", "01:00:00 +0900"), "2023-11-14 16:00:00");
  fake_now = noon - 12 * 3600 + 5;  // just after midnight
  EXPECT_EQ(parse("%H:%M:%S", "23:59:59"), "2023-11-13 23:59:59");
  fake_now = noon;
}

TEST(TimeParse, a_remembered_text_without_a_year_is_read_anew_when_a_minute_has_passed) {
  TimeParser parser = TimeParser::compile("%b %d %H:%M", TimeZone::utc(), fake_clock);
  EventTime time;
  ASSERT_TRUE(parser.parse("Nov 20 00:00", time));
  EXPECT_EQ(text_of(time), "2022-11-20 00:00:00");
  fake_now += 7 * 86'400;
  ASSERT_TRUE(parser.parse("Nov 20 00:00", time));
  EXPECT_EQ(text_of(time), "2023-11-20 00:00:00");
  fake_now = noon;
}

TEST(TimeParse, local_times_follow_the_zone) {
  const TimeZone berlin = TimeZone::named("Europe/Berlin");
  EXPECT_EQ(parse("%F %T", "2023-07-01 12:00:00", berlin), "2023-07-01 10:00:00");
  EXPECT_EQ(parse("%F %T", "2023-12-01 12:00:00", berlin), "2023-12-01 11:00:00");
  EXPECT_EQ(parse("%F %T", "2023-10-29 01:59:59", berlin), "2023-10-28 23:59:59");
  EXPECT_EQ(parse("%F %T", "2023-10-29 02:30:00", berlin), "2023-10-29 00:30:00") << "twice: the first";
  EXPECT_EQ(parse("%F %T", "2023-10-29 03:00:00", berlin), "2023-10-29 02:00:00");
  EXPECT_EQ(parse("%F %T", "2023-03-26 01:59:59", berlin), "2023-03-26 00:59:59");
  EXPECT_EQ(parse("%F %T", "2023-03-26 02:30:00", berlin), "2023-03-26 01:30:00") << "never: as much later";
  EXPECT_EQ(parse("%F %T", "2023-03-26 03:00:00", berlin), "2023-03-26 01:00:00");
}

TEST(TimeParse, one_parser_reads_local_times_in_any_order) {
  for (const char* name :
       {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"}) {
    const TimeZone zone = TimeZone::named(name);
    TimeParser parser = TimeParser::compile("%F %T", zone);
    TimeFormatter out = TimeFormatter::compile("%F %T", zone);
    std::int64_t step = 1;
    for (std::int64_t sec = 1'300'000'000; sec < 1'400'000'000; sec += 13'001 + (step = step * 31 % 9973)) {
      EventTime time;
      const std::string text = out.format({sec, 0});
      ASSERT_TRUE(parser.parse(text, time));
      ASSERT_EQ(out.format(time), text) << name;
      ASSERT_LE(time.sec, sec) << name << ' ' << text << ": the first of two";
    }
  }
}

TEST(TimeParse, iso8601_has_any_number_of_decimals_and_maybe_a_zone) {
  EXPECT_EQ(parse("%iso8601", "2023-11-14T22:13:20Z"), "2023-11-14 22:13:20");
  EXPECT_EQ(parse("%iso8601", "2023-11-14T22:13:20.000000005Z"), "2023-11-14 22:13:20.000000005");
  EXPECT_EQ(parse("%iso8601", "2023-11-14T22:13:20.12+09:00"), "2023-11-14 13:13:20.120000000");
  EXPECT_EQ(parse("%iso8601", "2023-11-14 22:13:20", TimeZone::named("+01:00")), "2023-11-14 21:13:20");
  EXPECT_EQ(parse("%iso8601", "2023-11-14T22:13"), "none");
  EXPECT_EQ(parse("%iso8601", "2023-11-14T22:13:20Zx"), "none");
  EventTime time;
  EXPECT_TRUE(parse_rfc3339("2023-11-14T22:13:20.1Z", time));
  EXPECT_EQ(time, (EventTime{1'700'000'000, 100'000'000}));
  EXPECT_FALSE(parse_rfc3339("2023-11-14T22:13:20", time)) << "RFC 3339 wants a zone";
}

TEST(TimeParse, without_a_format_the_usual_notations_are_understood) {
  for (const char* text :
       {"2023-11-14 22:13:20 +0000", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20", "2023/11/14 22:13:20",
        "14/Nov/2023:22:13:20 +0000", "Tue Nov 14 22:13:20 2023", "Tue, 14 Nov 2023 22:13:20 GMT", "20231114T221320Z",
        "20231114221320", "Nov 14, 2023 10:13:20 PM", "2023-11-15 07:13:20 JST", "Nov 14 22:13:20 2023",
        "22:13:20 2023-11-14", "14-Nov-2023 22:13:20", "2023-11-14T17:13:20-0500"}) {
    EXPECT_EQ(parse("", text), "2023-11-14 22:13:20") << text;
  }
  EXPECT_EQ(parse("", "Tue Nov 14 22:13:20.123456 2023"), "2023-11-14 22:13:20.123456000");
  EXPECT_EQ(parse("", "Nov 14 09:13:20"), "2023-11-14 09:13:20");
  EXPECT_EQ(parse("", "2023-11-14"), "2023-11-14 00:00:00");
  for (const char* text :
       {"", "hello", "12", "2023", "99:99", "2023-11-14 22:13:20 2023-11-14", "1700000000", "+09:00"}) {
    EXPECT_EQ(parse("", text), text == std::string("12") ? "2023-11-12 00:00:00" : "none") << text;
  }
}

TEST(TimeParse, numbers_are_seconds) {
  EXPECT_EQ(parse("unixtime", "1700000000"), "2023-11-14 22:13:20");
  EXPECT_EQ(parse("unixtime", "1700000000.75"), "2023-11-14 22:13:20");
  EXPECT_EQ(parse("float", "1700000000.75"), "2023-11-14 22:13:20.750000000");
  EXPECT_EQ(parse("float", "1700000000"), "2023-11-14 22:13:20");
  EXPECT_EQ(parse("float", "-0.25"), "1969-12-31 23:59:59.750000000");
  EXPECT_EQ(parse("float", "1.7e9"), "2023-11-14 22:13:20");
  EXPECT_EQ(parse("float", "hello"), "none");
  EXPECT_EQ(parse("float", "12ms"), "none");
}

TEST(TimeParse, a_text_where_a_number_was_expected_is_read_for_what_it_is) {
  EXPECT_EQ(parse("float", "2023-11-14T22:13:20.5Z"), "2023-11-14 22:13:20.500000000");
  EXPECT_EQ(parse("unixtime", "2023-11-14 22:13:20"), "2023-11-14 22:13:20");
}

std::string parse_value(std::string_view format, const OutBuffer& bytes) {
  TimeParser parser = TimeParser::compile(format, TimeZone::utc());
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  EventTime time;
  return parser.parse(msgpack::Value(data, data + bytes.size()), time) ? text_of(time) : "none";
}

TEST(TimeParse, values_of_a_record_are_numbers_texts_or_event_times) {
  const auto value = [](auto write) {
    OutBuffer bytes;
    msgpack::Writer out(bytes);
    write(out);
    return bytes;
  };
  EXPECT_EQ(parse_value("float", value([](auto& w) { w.floating(1'700'000'000.123); })),
            "2023-11-14 22:13:20.123000000");
  EXPECT_EQ(parse_value("unixtime", value([](auto& w) { w.floating(1'700'000'000.9); })), "2023-11-14 22:13:20");
  EXPECT_EQ(parse_value("float", value([](auto& w) { w.integer(1'700'000'000); })), "2023-11-14 22:13:20");
  EXPECT_EQ(parse_value("%F", value([](auto& w) { w.string("2023-11-14"); })), "2023-11-14 00:00:00");
  EXPECT_EQ(parse_value("float", value([](auto& w) { w.event_time(1'700'000'000, 5); })),
            "2023-11-14 22:13:20.000000005");
  EXPECT_EQ(parse_value("float", value([](auto& w) { w.nil(); })), "none");
  EXPECT_EQ(parse_value("float", value([](auto& w) { w.boolean(true); })), "none");
  EXPECT_EQ(parse_value("float", value([](auto& w) { w.map(0); })), "none");
}

TEST(TimeParse, several_formats_are_tried_in_turn) {
  TimeParser parser = TimeParser::any_of({TimeParser::compile("%d/%m/%Y", TimeZone::utc()),
                                          TimeParser::compile("%m.%Y", TimeZone::utc()),
                                          TimeParser::compile("unixtime", TimeZone::utc())});
  EventTime time;
  ASSERT_TRUE(parser.parse("14/11/2023", time));
  EXPECT_EQ(text_of(time), "2023-11-14 00:00:00");
  ASSERT_TRUE(parser.parse("11.2023", time) && time.sec > 1'000'000);
  ASSERT_TRUE(parser.parse("1700000000", time));
  EXPECT_EQ(text_of(time), "2023-11-14 22:13:20");
  EXPECT_FALSE(parser.parse("hello", time));
  EXPECT_EQ(parser.expected(), "of the format %d/%m/%Y, of the format %m.%Y or a number of seconds");
}

TEST(TimeParse, remembering_the_last_text_changes_no_result) {
  const std::string texts[] = {"14/Nov/2023 22:13:20.1 +00",   "14/Nov/2023 22:13:20.25 +00",
                               "14/Nov/2023 22:13:20.25 +09",  "14/Nov/2023 22:13:20. +00",
                               "14/Nov/2023 22:13:20.25 +0",   "14/Nov/2023 22:13:21.25 +00",
                               "14/Nov/2023 22:13:21.25",      "14/Nov/2023 22:13:2x.25 +00",
                               "14/Nov/2023 22:13:21.25 +00 ", "14/Nov/2023 22:13:21.250 +00"};
  for (const char* format : {"%d/%b/%Y %H:%M:%S.%N %z", "%d/%b/%Y %H:%M:%S.%L +%H", "%d/%b/%Y %H:%M:%S.%2N %z", ""}) {
    TimeParser kept = TimeParser::compile(format, TimeZone::utc());
    for (int round = 0; round < 2; ++round) {
      for (const std::string& a : texts) {
        for (const std::string& b : texts) {
          EventTime time;
          for (const std::string* text : {&a, &b}) {
            EXPECT_EQ(kept.parse(*text, time) ? text_of(time) : "none", parse(format, *text)) << format << ' ' << *text;
          }
        }
      }
    }
  }
}

TEST(TimeParse, an_unknown_conversion_is_refused) {
  EXPECT_THROW(TimeParser::compile("%Y %q", TimeZone::utc()), std::invalid_argument);
  EXPECT_THROW(TimeParser::compile("%Y %", TimeZone::utc()), std::invalid_argument);
  EXPECT_THROW(TimeParser::compile("%3", TimeZone::utc()), std::invalid_argument);
}

}  // namespace
}  // namespace logboom
