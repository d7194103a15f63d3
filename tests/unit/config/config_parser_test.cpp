#include "config_test_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom {
namespace {

using config_test::Fixture;
using config_test::outline;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string tree(std::string_view text) { return outline(Fixture().parse(text)); }
std::string error(std::string_view text) { return Fixture().error(text); }

TEST(ConfigParser, reads_the_quickstart_configuration) {
  EXPECT_EQ(tree("<source>\n  @type forward\n</source>\n\n\n<match docker.**>\n  @type stdout\n  @id output_stdout\n"
                 "</match>\n"),
            "ROOT(){source(){@type=forward},match(docker.**){@type=stdout,@id=output_stdout}}");
}

TEST(ConfigParser, an_empty_text_or_only_comments_is_an_empty_root) {
  EXPECT_EQ(tree(""), "ROOT(){}");
  EXPECT_EQ(tree("# nothing\n\n   # here"), "ROOT(){}");
}

TEST(ConfigParser, sections_nest_and_keep_their_order) {
  EXPECT_EQ(tree("<a>\n<b 1>\n</b>\nk v\n<c>\n<b>\n</b>\n</c>\n</a>\n"), "ROOT(){a(){k=v,b(1){},c(){b(){}}}}");
  const Element root = Fixture().parse("<x 1>\n</x>\n<y>\n</y>\n<x 2>\n</x>");
  const auto found = root.sections("x");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]->arg, "1");
  EXPECT_EQ(found[1]->arg, "2");
}

TEST(ConfigParser, an_argument_runs_to_the_closing_bracket) {
  EXPECT_EQ(tree("<match    a.** b.**  >\n</match>"), "ROOT(){match(a.** b.**){}}");
  EXPECT_EQ(tree("<match a.{b,c}.* !x /re/>\n</match>"), "ROOT(){match(a.{b,c}.* !x /re/){}}");
  EXPECT_EQ(tree("<match >\n</match>"), "ROOT(){match(){}}");
  EXPECT_EQ(tree("<label@X>\n</label>"), "ROOT(){label(@X){}}");
  EXPECT_EQ(tree("<match\n  a.**\n>\n</match>"), "ROOT(){match(a.**){}}");
}

TEST(ConfigParser, a_quoted_argument_may_hold_spaces_and_brackets) {
  EXPECT_EQ(tree("<match \"a b>c\">\n</match>"), "ROOT(){match(a b>c){}}");
  EXPECT_EQ(tree("<match '/a>b/'>\n</match>"), "ROOT(){match(/a>b/){}}");
  EXPECT_EQ(tree("<worker \"#{worker_id}\">\n</worker>"), "ROOT(){worker(3){}}");
}

TEST(ConfigParser, comments_may_follow_tags_and_values) {
  EXPECT_EQ(tree("<a> # one\nk v # two\nq \"w\" # three\nr 's'# four\n</a>   # five"), "ROOT(){a(){k=v,q=w,r=s}}");
}

TEST(ConfigParser, a_hash_sign_begins_a_comment_only_after_white_space) {
  EXPECT_EQ(tree("k a#b"), "ROOT(){k=a#b}");
  EXPECT_EQ(tree("k a #b"), "ROOT(){k=a}");
  EXPECT_EQ(tree("k a\t#b"), "ROOT(){k=a}");
  EXPECT_EQ(tree("k #b c #d"), "ROOT(){k=#b c}");
  EXPECT_EQ(tree("a#b c"), "ROOT(){a#b=c}");
}

TEST(ConfigParser, an_unquoted_value_has_no_escapes_and_no_continuation) {
  EXPECT_EQ(tree("k  a  b\\n  \nl \\\nm x\"y'z"), "ROOT(){k=a  b\\n,l=\\,m=x\"y'z}");
}

TEST(ConfigParser, a_key_without_a_value_is_empty) {
  EXPECT_EQ(tree("k"), "ROOT(){k=}");
  EXPECT_EQ(tree("k  \nl v"), "ROOT(){k=,l=v}");
  EXPECT_EQ(tree("k\n\n\n# c\nl v"), "ROOT(){k=,l=v}");
}

TEST(ConfigParser, an_equals_sign_belongs_to_the_key_and_is_warned_about) {
  Fixture fixture;
  EXPECT_EQ(outline(fixture.parse("\n port=24224\n")), "ROOT(){port=24224=}");
  ASSERT_EQ(fixture.warnings.size(), 1U);
  EXPECT_THAT(fixture.warnings[0], StartsWith("t.conf:2:2: 'port=24224' is a parameter without a value"));
}

TEST(ConfigParser, keys_may_be_quoted) {
  EXPECT_EQ(tree("\"a b\" 1\n'c d' 2\n\"e\"\n\"#{hostname}\" 4"), "ROOT(){a b=1,c d=2,e=,host-1=4}");
  EXPECT_THAT(error("\"k\"v"), StartsWith("1:4: expected white space after the quoted parameter name 'k'"));
}

TEST(ConfigParser, the_last_of_duplicate_keys_counts) {
  const Element root = Fixture().parse("k 1\nk 2\n");
  EXPECT_EQ(root.attributes.size(), 2U);
  ASSERT_NE(root.find("k"), nullptr);
  EXPECT_EQ(root.find("k")->value, "2");
  EXPECT_EQ(root.find("x"), nullptr);
}

TEST(ConfigParser, carriage_returns_and_a_byte_order_mark_do_not_show) {
  EXPECT_EQ(tree("\xEF\xBB\xBF<a x>\r\n  k v # c\r\n  l \"1\r\n2\\\r\n3\"\r\n  m\r\n</a>\r\n"),
            "ROOT(){a(x){k=v,l=1\n23,m=}}");
  EXPECT_EQ(error("\xEF\xBB\xBF"
                  "a 1\r\nb \"x\" y\r\n")
                .substr(0, 4),
            "2:7:");
  EXPECT_EQ(error("a 1\rb \"x\" y\r").substr(0, 4), "2:7:");
}

TEST(ConfigParser, utf16_is_refused_with_advice) {
  EXPECT_THAT(error(std::string("\xFF\xFEk\0", 4)), StartsWith("1:1: the file is in UTF-16; save it as UTF-8"));
}

TEST(ConfigParser, positions_count_utf8_characters) {
  const Element root = Fixture().parse("<x ü>\n  schlüssel  wert\n</x>");
  const Element& x = root.children.front();
  EXPECT_EQ(x.pos.to_string(), "t.conf:1:1");
  EXPECT_EQ(x.attributes[0].key_pos.to_string(), "t.conf:2:3");
  EXPECT_EQ(x.attributes[0].value_pos.to_string(), "t.conf:2:14");
  EXPECT_EQ(error("k \"äöü\" x").substr(0, 4), "1:9:");
}

TEST(ConfigParser, very_long_lines_are_read) {
  const std::string value(3'000'000, 'x');
  const Element root = Fixture().parse("k " + value + " # c\nl \"" + value + "\"\n");
  EXPECT_EQ(root.find("k")->value.size(), value.size());
  EXPECT_EQ(root.find("l")->value.size(), value.size());
}

TEST(ConfigParser, an_unclosed_section_is_reported_where_it_opens) {
  EXPECT_EQ(error("k v\n  <match a.**>\n  @type x\n"), "2:3: '<match a.**>' is never closed; add '</match>'");
}

TEST(ConfigParser, an_unmatched_end_tag_names_the_tag_and_its_opening) {
  EXPECT_EQ(error("<match a>\n  <buffer>\n  </match>\n"),
            "3:3: unmatched end tag: expected '</buffer>' for the '<buffer>' opened at line 2, column 3 but found "
            "'</match>'");
  EXPECT_THAT(error("k v\n</match>\n"), StartsWith("2:1: '</match>' closes nothing"));
}

TEST(ConfigParser, every_malformed_tag_has_its_position) {
  EXPECT_THAT(error("<>\n"), StartsWith("1:2: expected the name of a section"));
  EXPECT_THAT(error("< match>\n"), StartsWith("1:2: expected the name of a section"));
  EXPECT_THAT(error("<a>\n</>\n"), StartsWith("2:3: expected the name of a section"));
  EXPECT_THAT(error("<match a.**\n  @type stdout\n</match>\n"), StartsWith("1:12: expected '>'"));
  EXPECT_THAT(error("<match #a>\n</match>\n"), StartsWith("1:8: expected '>' but a comment begins here"));
  EXPECT_THAT(error("<a></a>\n"), StartsWith("1:4: expected the end of the line after '>'"));
  EXPECT_THAT(error("<match /a>b/>\n</match>\n"), HasSubstr("an argument that contains '>' in double quotes"));
  EXPECT_THAT(error("<a>\n</a> <b>\n</b>\n"), StartsWith("2:6: expected the end of the line after '</a>'"));
  EXPECT_THAT(error("<a>\n</a\n"), StartsWith("2:4: expected '>' right after '</a'"));
  EXPECT_THAT(error("<match\n  @type stdout\n</match>\n"),
              StartsWith("1:7: expected '>' to close the tag on its line"));
  EXPECT_THAT(error("<match\n</match>\n"), StartsWith("1:7: expected '>' to close the tag on its line"));
  EXPECT_THAT(error("<match a"), StartsWith("1:9: expected '>'"));
  EXPECT_THAT(error("<a \"b\" c>\n</a>\n"), StartsWith("1:8: expected '>'"));
}

TEST(ConfigParser, text_after_a_quoted_value_is_an_error_at_that_text) {
  EXPECT_EQ(error("k \"a\"  1"),
            "1:8: expected the end of the line after the closing quote (it began at line 1, "
            "column 3); write \\\" for a quote within the text");
  EXPECT_THAT(error("k 'a' 1"), StartsWith("1:7: "));
  EXPECT_THAT(error("k \"\"\""), StartsWith("1:5: "));
  EXPECT_THAT(error("k [1] x"), StartsWith("1:7: expected the end of the line after the JSON value"));
}

TEST(ConfigParser, other_at_names_are_errors_at_the_top_of_the_main_sections) {
  for (const std::string name : {"match", "source", "filter", "system"}) {
    EXPECT_THAT(error("<" + name + ">\n  @tpye x\n</" + name + ">"),
                AllOf(StartsWith("2:3: names that begin with '@' are reserved and '@tpye' is not one of @type, @id, "
                                 "@label, @log_level, @include"),
                      HasSubstr("did you mean '@type'?")));
  }
  EXPECT_THAT(error("@k v"), StartsWith("1:1: names that begin with '@' are reserved"));
}

TEST(ConfigParser, reserved_names_are_accepted_everywhere_and_others_warned_about_deeper) {
  Fixture fixture;
  EXPECT_EQ(outline(fixture.parse("<match>\n@type a\n@id b\n@label @c\n@log_level d\n<record>\n@k v\n</record>\n"
                                  "</match>")),
            "ROOT(){match(){@type=a,@id=b,@label=@c,@log_level=d,record(){@k=v}}}");
  EXPECT_THAT(fixture.warnings, ElementsAre(StartsWith("t.conf:7:1: names that begin with '@' are reserved")));
}

TEST(ConfigParser, a_section_of_a_worker_knows_its_worker) {
  EXPECT_EQ(tree("<worker 2-4>\n  <a>\n    k \"#{worker_id}\"\n  </a>\n</worker>\n<worker x>\n  k \"#{worker_id}\"\n"
                 "</worker>\nk \"#{worker_id}\"\n"),
            "ROOT(){k=3,worker(2-4){a(){k=2}},worker(x){k=3}}");
}

TEST(ConfigParser, section_depth_is_bounded) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "<a>\n";
    for (std::size_t i = 0; i < depth; ++i) text += "</a>\n";
    return text;
  };
  EXPECT_EQ(error(nested(64)), "");
  EXPECT_EQ(error(nested(65)), "65:1: sections nested more than 64 deep");
  EXPECT_EQ(error(nested(100'000)), "65:1: sections nested more than 64 deep");
}

TEST(ConfigError, what_is_file_line_column_and_message) {
  const auto file = std::make_shared<const std::string>("fluent.conf");
  const ConfigError both({file, 3, 5}, "wrong");
  EXPECT_STREQ(both.what(), "fluent.conf:3:5: wrong");
  EXPECT_EQ(both.message(), "wrong");
  EXPECT_EQ(both.pos().line, 3U);
  EXPECT_STREQ(ConfigError({file, 0, 0}, "wrong").what(), "fluent.conf: wrong");
  EXPECT_STREQ(ConfigError({}, "wrong").what(), "wrong");
}

}  // namespace
}  // namespace logboom
