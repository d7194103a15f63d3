#include "config_test_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace logboom {
namespace {

namespace fs = std::filesystem;
using config_test::config_error_of;
using config_test::Fixture;
using config_test::outline;
using config_test::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Yaml : public testing::Test {
 protected:
  Element parse(std::string_view text) { return parse_text(text, "t.yaml", {}, fixture_.options); }
  std::string tree(std::string_view text) { return outline(parse(text)); }
  /// "line:column: message", or "" when the text is fine.
  std::string error(std::string_view text) {
    const std::string full = config_error_of([&] { parse(text); });
    return full.starts_with("t.yaml:") ? full.substr(7) : full;
  }
  void same(std::string_view yaml, std::string_view conf) {
    EXPECT_EQ(tree(yaml), outline(fixture_.parse(conf))) << yaml;
  }

  TemporaryDirectory directory_;
  Fixture fixture_;
};

TEST_F(Yaml, sections_and_parameters_are_those_of_the_v1_twin) {
  same(R"(
system:
  workers: 2
  log:
    format: json
config:
  - source:
      $type: forward
      $id: in
      $label: "@MAIN"
      $log_level: debug
      port: 24224
      bind: 0.0.0.0
  - label:
      $name: "@MAIN"
      config:
        - filter:
            $tag: docker.**
            $type: grep
            regexp:
              - key: a
                pattern: /x/
              - key: b
                pattern: '/y\d/'
        - match:
            $tag: "**"
            $type: copy
            store:
              - $type: stdout
              - $type: file
                path: /var/log/x
                buffer:
                  $arg: [tag, time]
                  timekey: 1d
  - worker:
      $arg: 0-1
      config:
        - source:
            $type: dummy
)",
       R"(
<system>
  workers 2
  <log>
    format json
  </log>
</system>
<source>
  @type forward
  @id in
  @label @MAIN
  @log_level debug
  port 24224
  bind 0.0.0.0
</source>
<label @MAIN>
  <filter docker.**>
    @type grep
    <regexp>
      key a
      pattern /x/
    </regexp>
    <regexp>
      key b
      pattern /y\d/
    </regexp>
  </filter>
  <match **>
    @type copy
    <store>
      @type stdout
    </store>
    <store>
      @type file
      path /var/log/x
      <buffer tag,time>
        timekey 1d
      </buffer>
    </store>
  </match>
</label>
<worker 0-1>
  <source>
    @type dummy
  </source>
</worker>
)");
  EXPECT_THAT(fixture_.warnings, IsEmpty());
}

TEST_F(Yaml, values_are_those_of_the_v1_twin) {
  fixture_.environment["X"] = "ex";
  same(R"(
config:
  - match:
      $tag: [a.*, "b.**"]
      $type: x
      text: some text # comment
      quoted: "a\nb # c"
      literal: |
        two
        lines
      number: 0644
      size: 1.5m
      yes: on
      no: Off
      quoted_no: "no"
      nil: ~
      nothing:
      empty: ""
      list: [a, 1, 2.5, true, null, "3", [x, {y: z}]]
      empty_list: []
      hash: !fluent/json {"a": 1, "b": [true, "#{hostname}", !fluent/s "#{hostname}"]}
      evaluated: !fluent/s "/var/#{ENV['X']}/#{ENV[\"U\"] || 'd'}\\t"
      evaluated_plain: !fluent/s a-#{hostname}
      default: !fluent/s "#{use_default}"
)",
       R"(
<match a.* b.**>
  @type x
  text some text # comment
  quoted "a\nb # c"
  literal "two\nlines\n"
  number 0644
  size 1.5m
  yes true
  no false
  quoted_no no
  nil "#{use_nil}"
  nothing "#{use_nil}"
  empty ""
  list ["a", 1, 2.5, true, null, "3", ["x", {"y": "z"}]]
  empty_list []
  hash {"a": 1, "b": [true, "\#{hostname}", "#{hostname}"]}
  evaluated "/var/#{ENV['X']}/#{ENV["U"] || 'd'}\t"
  evaluated_plain "a-#{hostname}"
  default "#{use_default}"
</match>
)");
}

TEST_F(Yaml, sections_stand_in_the_files_order) {
  EXPECT_EQ(tree("config:\n  - match: {$tag: a}\n  - source:\n  - filter: {$tag: b}\n    match: {$tag: c}\n"),
            "ROOT(){match(a){},source(){},filter(b){},match(c){}}");
  EXPECT_EQ(tree("config:\n  match: [{$tag: a}, {$tag: b}]\n"), "ROOT(){match(a){},match(b){}}");
  EXPECT_EQ(tree(""), "ROOT(){}");
  EXPECT_EQ(tree("# nothing\n---\n"), "ROOT(){}");
  EXPECT_EQ(tree("config:\n"), "ROOT(){}");
}

TEST_F(Yaml, anchors_and_merged_mappings_work_and_what_is_written_wins) {
  EXPECT_EQ(tree("x-common: &common\n  flush_interval: 1s\n  timekey: 60\nconfig:\n"
                 "  - match:\n      buffer:\n        timekey: 30\n        <<: *common\n      format: &f {$type: json}\n"
                 "  - match:\n      format: *f\n"),
            "ROOT(){match(){buffer(){flush_interval=1s,timekey=30},format(){@type=json}},"
            "match(){format(){@type=json}}}");
  EXPECT_THAT(fixture_.warnings, ElementsAre(StartsWith("t.yaml:1:1: 'x-common' has no effect at the top")));
}

TEST_F(Yaml, elements_and_values_know_their_place) {
  const Element root = parse("config:\n  - match:\n      $tag: \"ä\"\n      path: /x\n      buffer:\n        k: ä\n");
  ASSERT_EQ(root.children.size(), 1U);
  const Element& match = root.children[0];
  EXPECT_EQ(match.pos.to_string(), "t.yaml:2:5");
  EXPECT_EQ(match.attributes.at(0).key_pos.to_string(), "t.yaml:4:7");
  EXPECT_EQ(match.attributes.at(0).value_pos.to_string(), "t.yaml:4:13");
  EXPECT_EQ(match.children.at(0).pos.to_string(), "t.yaml:5:7");
  EXPECT_EQ(match.children.at(0).attributes.at(0).value_pos.to_string(), "t.yaml:6:12");
  EXPECT_EQ(parse("{ä: 1, system: {workers: 1}}").children.at(0).pos.to_string(), "t.yaml:1:8");
}

TEST_F(Yaml, a_section_of_a_worker_knows_its_worker) {
  EXPECT_EQ(tree("config:\n  - worker:\n      config:\n        - source: {id: !fluent/s \"#{worker_id}\"}\n"
                 "      $arg: 2-4\n  - source: {id: !fluent/s \"#{worker_id}\"}\n"),
            "ROOT(){worker(2-4){source(){id=2}},source(){id=3}}");
}

TEST_F(Yaml, includes_files_of_both_languages_where_they_are_named) {
  directory_.write("sub/a.yaml", "- source: {$type: a}\n- !include ../b.yml\n");
  directory_.write("b.yml", "- source: {$type: b}\n");
  directory_.write("sub/c.conf", "<match c>\n  @type c\n</match>\n");
  directory_.write("buffer.yaml", "timekey: 5\n");
  const fs::path main = directory_.write("main.yaml",
                                         "config:\n  - !include sub/*\n  - match:\n      buffer: !include buffer.yaml\n"
                                         "  - label:\n      $name: '@L'\n      config: !include b.yml\n");
  EXPECT_EQ(outline(parse_file(main, fixture_.options)),
            "ROOT(){source(){@type=a},source(){@type=b},match(c){@type=c},match(){buffer(){timekey=5}},"
            "label(@L){source(){@type=b}}}");
}

TEST_F(Yaml, is_included_from_v1_too) {
  directory_.write("rules.yaml", "system: {workers: 2}\nconfig:\n  - source: {$type: a}\n");
  directory_.write("list.yml", "- source: {$type: b}\n");
  directory_.write("body.yaml", "timekey: 5\n");
  const fs::path main = directory_.write(
      "main.conf", "@include rules.yaml\n<label @L>\n  @include list.yml\n</label>\n<a>\n  @include body.yaml\n</a>\n");
  EXPECT_EQ(outline(parse_file(main, fixture_.options)),
            "ROOT(){system(){workers=2},source(){@type=a},label(@L){source(){@type=b}},a(){timekey=5}}");
}

TEST_F(Yaml, an_include_that_fails_says_where) {
  fs::create_directory(directory_.path() / "dir");
  const auto error_of = [&](std::string_view text) {
    const fs::path main = directory_.write("main.yaml", text);
    std::string full = config_error_of([&] { parse_file(main, fixture_.options); });
    const std::string prefix = directory_.path().string() + "/";
    for (std::size_t at = 0; (at = full.find(prefix, at)) != std::string::npos;) full.erase(at, prefix.size());
    return full;
  };
  EXPECT_THAT(error_of("config:\n  - !include main.yaml\n"),
              AllOf(StartsWith("main.yaml:2:5"), HasSubstr("include loop: main.yaml -> main.yaml")));
  EXPECT_THAT(error_of("config: !include dir\n"), HasSubstr("it is a directory"));
  EXPECT_THAT(error_of("config: !include\n"), HasSubstr("!include needs a file"));
  EXPECT_EQ(error_of("config: !include none.yaml\n"), "");
  EXPECT_THAT(fixture_.warnings, ElementsAre(HasSubstr("!include 'none.yaml': there is no file")));
}

TEST_F(Yaml, the_language_is_guessed_by_the_name_or_said) {
  fixture_.options.type = ConfigType::yaml;
  EXPECT_EQ(outline(parse_text("config: [{source: }]", "fluent.conf", {}, fixture_.options)), "ROOT(){source(){}}");
  fixture_.options.type = ConfigType::v1;
  EXPECT_EQ(outline(parse_text("k v", "fluent.yaml", {}, fixture_.options)), "ROOT(){k=v}");
}

TEST_F(Yaml, what_is_wrong_is_said_at_its_place) {
  EXPECT_THAT(error("config:\n  - source: [\n"), AllOf(StartsWith("3:1: this is not YAML: "), HasSubstr("flow")));
  EXPECT_THAT(error("config: []\n]\n"), StartsWith("2:1: this is not YAML: illegal flow end"));
  EXPECT_THAT(error(", x"), StartsWith("1:1: this is not YAML: expected the end of the document but found"));
  EXPECT_THAT(error("config: text\n"), StartsWith("1:9: expected a list of sections"));
  EXPECT_THAT(error("config:\n  - source\n"), StartsWith("2:5: expected a section, such as '- source: …'"));
  EXPECT_THAT(error("config:\n  - source: forward\n"), StartsWith("2:13: expected the parameters of the section"));
  EXPECT_THAT(error("text"), StartsWith("1:1: expected a mapping with 'system' and 'config'"));
  EXPECT_THAT(error("config:\n  - source:\n      '@tpye': x\n"),
              AllOf(StartsWith("3:7: names that begin with '@'"), HasSubstr("did you mean '@type'?")));
  EXPECT_THAT(error("config:\n  - match:\n      $tag: {a: b}\n"), StartsWith("3:13: expected a text"));
  EXPECT_THAT(error("config:\n  - match:\n      k: !ruby x\n"), HasSubstr("the tag '!ruby' is unknown; there are"));
  EXPECT_THAT(error("config:\n  - match:\n      k: !fluent/s \"a #{File.read}\"\n"),
              AllOf(StartsWith("3:10: 'File.read' is not supported"), HasSubstr("column 5")));
  EXPECT_THAT(error("config:\n  - match:\n      labels: {'a b': {x: 1}}\n"),
              AllOf(StartsWith("3:16: 'a b' can't be the name of a section"), HasSubstr("!fluent/json")));
  EXPECT_THAT(error("config:\n  - match:\n      ? [a]\n      : b\n"), StartsWith("3:9: expected a name"));
}

TEST_F(Yaml, what_is_probably_not_meant_is_warned_of) {
  tree("confg: []\nconfig:\n  - source:\n      port: 1\n      port: 2\n      path: \"a-#{hostname}\"\n---\nk: v\n");
  EXPECT_THAT(fixture_.warnings,
              ElementsAre(AllOf(StartsWith("t.yaml:1:1: 'confg' has no effect"), HasSubstr("did you mean 'config'?")),
                          StartsWith("t.yaml:5:7: 'port' replaces what stands before it"),
                          StartsWith("t.yaml:6:13: #{…} is evaluated behind the tag !fluent/s only"),
                          StartsWith("t.yaml:7:1: only the first of the YAML documents")));
}

TEST_F(Yaml, depth_and_aliases_are_bounded) {
  std::string nested = "config:\n  - a: ";
  for (int i = 0; i < 80; ++i) nested += "{a: ";
  EXPECT_THAT(error(nested + std::string(80, '}')), HasSubstr("sections nested more than 64 deep"));
  EXPECT_THAT(error("config: " + std::string(80, '[') + std::string(80, ']')), HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(error("config: &a [*a]"), HasSubstr("lists nested more than 64 deep"));
  EXPECT_THAT(error("config: [{a: &a {<<: *a}}]"), HasSubstr("nested more than 64 deep"));
  std::string laughs = "a: &a0 [x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "b: &a" + std::to_string(i) + " [" + before + "," + before + "]\n";
  }
  EXPECT_THAT(error(laughs + "config: [{m: {k: !fluent/json [*a29]}}]"), HasSubstr("more than 100000 values"));
}

}  // namespace
}  // namespace logboom
