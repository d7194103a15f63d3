#include <logboom/params.hpp>

#include <gmock/gmock.h>

#include "config/parser.hpp"

namespace logboom {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class Color { red, green };

struct Point {
  std::string arg;
  std::int64_t x = 0;
  static void describe(Describe<Point>& d) { d.param("x", &Point::x, "Where."); }
};

struct Options {
  std::uint16_t port = 24224;
  std::string path;
  ByteSize limit{8 << 20};
  nanoseconds interval = seconds(1);
  bool wanted = false;
  double ratio = 0.5;
  FileMode mode{0644};
  std::vector<std::string> keys{"a", "b"};
  detail::StringPairs pairs;
  std::optional<std::string> name;
  std::int64_t level = 3;
  Color color = Color::green;
  Point one;
  std::vector<Point> many;
  PluginSection format{"json"};

  static void describe(Describe<Options>& d) {
    d.param("port", &Options::port, "The port.");
    d.param("path", &Options::path, "The path.").required().alias("file");
    d.param("limit", &Options::limit, "The limit.");
    d.param("interval", &Options::interval, "How often.");
    d.param("wanted", &Options::wanted, "Whether.");
    d.param("ratio", &Options::ratio, "How much.");
    d.param("mode", &Options::mode, "The mode.");
    d.param("keys", &Options::keys, "The keys.");
    d.param("pairs", &Options::pairs, "The pairs.");
    d.param("name", &Options::name, "The name.");
    d.param("level", &Options::level, "The level.").range(0, 9);
    d.choice("color", &Options::color, {{"red", Color::red}, {"green", Color::green}}, "The color.");
    d.section("one", &Options::one, "One.");
    d.section("point", &Options::many, "Many.");
    d.plugin("format", &Options::format, PluginKind::formatter, "How it is written.");
    d.leave_section("buffer");
  }
};

struct Applied {
  Element root;
  Options options;
  std::vector<std::string> warnings;
};

// The body of a <match> section, whose first line is line 2.
Applied apply(const std::string& body) {
  Applied out;
  out.root = parse_text("<match a.**>\n" + body + "\n</match>\n", "t.conf", ".", {});
  schema_of<Options>().apply(out.root.children.front(), &out.options,
                             [&out](const SourcePos& pos, std::string message) {
                               out.warnings.push_back(pos.to_string() + ": " + std::move(message));
                             });
  return out;
}

std::string error_of(const std::string& body) {
  try {
    apply(body);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

std::string default_of(const std::string& name) {
  const Schema schema = schema_of<Options>();
  for (const auto& param : schema.params()) {
    if (param.info.name == name) return param.info.default_text;
  }
  return "no such parameter";
}

TEST(Params, every_type_is_read_into_its_member) {
  const Options o = apply(
                        "port 1\npath /x\nlimit 2k\ninterval 500ms\nwanted true\nratio 0.25\nmode 600\nkeys x,y\n"
                        "pairs a:b\nname n\nlevel 9\ncolor red")
                        .options;
  EXPECT_EQ(o.port, 1);
  EXPECT_EQ(o.path, "/x");
  EXPECT_EQ(o.limit.bytes, 2048U);
  EXPECT_EQ(o.interval, milliseconds(500));
  EXPECT_TRUE(o.wanted);
  EXPECT_EQ(o.ratio, 0.25);
  EXPECT_EQ(o.mode.bits, 0600U);
  EXPECT_THAT(o.keys, ElementsAre("x", "y"));
  EXPECT_THAT(o.pairs, ElementsAre(testing::Pair("a", "b")));
  EXPECT_EQ(o.name, "n");
  EXPECT_EQ(o.level, 9);
  EXPECT_EQ(o.color, Color::red);
}

TEST(Params, what_is_not_given_keeps_its_initial_value) {
  const Options o = apply("path x").options;
  EXPECT_EQ(o.port, 24224);
  EXPECT_EQ(o.limit.bytes, 8U << 20);
  EXPECT_EQ(o.format.type, "json");
  EXPECT_EQ(o.format.element, nullptr);
}

TEST(Params, an_alias_means_the_parameter_and_the_last_of_both_counts) {
  EXPECT_EQ(apply("file a").options.path, "a");
  EXPECT_EQ(apply("file a\npath b").options.path, "b");
  EXPECT_EQ(apply("path b\nfile a").options.path, "a");
}

TEST(Params, use_default_is_as_if_the_line_were_not_there) {
  EXPECT_EQ(apply("path x\nport \"#{use_default}\"").options.port, 24224);
  EXPECT_THAT(error_of("path \"#{use_default}\""), HasSubstr("'path' is required"));
}

TEST(Params, use_nil_empties_what_is_optional_and_is_an_error_for_a_number) {
  EXPECT_EQ(apply("path x\nname \"#{use_nil}\"").options.name, std::nullopt);
  EXPECT_THAT(error_of("path x\nport \"#{use_nil}\""), HasSubstr("t.conf:3:6"));
  EXPECT_THAT(error_of("path \"#{use_nil}\""), HasSubstr("'path' is required"));
}

TEST(Params, a_missing_required_parameter_is_an_error_at_its_section) {
  EXPECT_EQ(error_of("port 1"), "t.conf:1:1: parameter 'path' is required in <match a.**>");
}

TEST(Params, a_wrong_value_is_an_error_at_the_value) {
  EXPECT_THAT(error_of("path x\nport many"), HasSubstr("t.conf:3:6: parameter 'port': expected an integer"));
  EXPECT_EQ(error_of("path x\nport 65536"),
            "t.conf:3:6: parameter 'port': expected an integer from 0 to 65535 but found '65536'");
  EXPECT_EQ(error_of("path x\nlevel 10"),
            "t.conf:3:7: parameter 'level': expected an integer from 0 to 9 but found '10'");
  EXPECT_EQ(error_of("path x\ncolor gren"),
            "t.conf:3:7: parameter 'color': expected one of red, green but found 'gren'; did you mean 'green'?");
}

TEST(Params, an_unknown_parameter_is_a_warning_that_names_near_ones) {
  EXPECT_THAT(apply("path x\nprot 1\nzzz 2").warnings,
              ElementsAre("t.conf:3:1: unknown parameter 'prot' in <match a.**> is ignored (did you mean 'port'?)",
                          "t.conf:4:1: unknown parameter 'zzz' in <match a.**> is ignored"));
}

TEST(Params, parameters_with_an_at_sign_belong_to_the_core) {
  EXPECT_THAT(apply("@type x\n@id y\npath x").warnings, IsEmpty());
}

TEST(Params, an_unknown_section_is_a_warning_and_one_that_the_core_reads_is_not) {
  EXPECT_THAT(apply("path x\n<formt>\n</formt>\n<buffer>\n</buffer>").warnings,
              ElementsAre("t.conf:3:1: unknown section <formt> in <match a.**> is ignored (did you mean 'format'?)"));
}

TEST(Params, a_value_that_fluentd_reads_otherwise_is_a_warning) {
  const Applied applied = apply("path x\ninterval 10ms");
  EXPECT_EQ(applied.options.interval, milliseconds(10));
  ASSERT_EQ(applied.warnings.size(), 1U);
  EXPECT_THAT(applied.warnings.front(), HasSubstr("t.conf:3:10: parameter 'interval': "));
}

TEST(Params, sections_fill_their_structs_and_their_argument) {
  const Options o = apply("path x\n<one>\nx 1\n</one>\n<point p>\nx 2\n</point>\n<point>\nx 3\n</point>").options;
  EXPECT_EQ(o.one.x, 1);
  ASSERT_EQ(o.many.size(), 2U);
  EXPECT_EQ(o.many[0].arg, "p");
  EXPECT_EQ(o.many[0].x, 2);
  EXPECT_EQ(o.many[1].x, 3);
}

TEST(Params, a_section_that_may_stand_once_is_an_error_the_second_time) {
  EXPECT_EQ(error_of("path x\n<one>\n</one>\n<one>\n</one>"),
            "t.conf:5:1: section <one> may stand only once in <match a.**>");
}

TEST(Params, a_warning_inside_a_section_has_its_own_position) {
  EXPECT_THAT(apply("path x\n<one>\nwhere 1\n</one>").warnings,
              ElementsAre("t.conf:4:1: unknown parameter 'where' in <one> is ignored"));
}

TEST(Params, a_plugin_section_says_its_type_and_element) {
  const Applied applied = apply("path x\n<format>\n@type ltsv\n</format>");
  EXPECT_EQ(applied.options.format.type, "ltsv");
  ASSERT_NE(applied.options.format.element, nullptr);
  EXPECT_EQ(applied.options.format.element->name, "format");
}

TEST(Params, defaults_are_shown_as_people_write_them) {
  EXPECT_EQ(default_of("port"), "24224");
  EXPECT_EQ(default_of("limit"), "8m");
  EXPECT_EQ(default_of("interval"), "1s");
  EXPECT_EQ(default_of("wanted"), "false");
  EXPECT_EQ(default_of("ratio"), "0.5");
  EXPECT_EQ(default_of("mode"), "0644");
  EXPECT_EQ(default_of("keys"), "a,b");
  EXPECT_EQ(default_of("name"), "");
  EXPECT_EQ(default_of("color"), "green");
}

TEST(Params, times_are_shown_in_the_largest_unit_that_divides_them) {
  EXPECT_EQ(detail::show(nanoseconds(0)), "0s");
  EXPECT_EQ(detail::show(nanoseconds(milliseconds(500))), "500ms");
  EXPECT_EQ(detail::show(nanoseconds(seconds(90))), "90s");
  EXPECT_EQ(detail::show(nanoseconds(hours(24))), "1d");
  EXPECT_EQ(detail::show(nanoseconds(hours(-1))), "-1h");
  EXPECT_EQ(detail::show(nanoseconds(1)), "1ns");
}

TEST(Params, sizes_are_shown_in_the_largest_unit_that_divides_them) {
  EXPECT_EQ(detail::show(ByteSize{0}), "0");
  EXPECT_EQ(detail::show(ByteSize{1025}), "1025");
  EXPECT_EQ(detail::show(ByteSize{64ULL << 30}), "64g");
}

}  // namespace
}  // namespace logboom
