#include "pipeline/old_parameters.hpp"

#include <gmock/gmock.h>

#include "config/dump.hpp"
#include "config/parser.hpp"

namespace logboom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Plain final : Plugin {};

/// A plugin of which only the declaration counts.
template <class Options>
PluginInfo plugin(PluginKind kind, std::string name) {
  PluginInfo info;
  info.kind = kind;
  info.name = std::move(name);
  info.schema = [] { return schema_of<Options>(); };
  return info;
}

struct InnerInject {
  std::string unused;
  static void describe(Describe<InnerInject>&) {}
};

struct Buffered {
  std::string path;
  PluginSection format{"lines", nullptr};
  InnerInject inject;
  static void describe(Describe<Buffered>& d) {
    d.param("path", &Buffered::path, "");
    d.plugin("format", &Buffered::format, PluginKind::formatter, "");
    d.section("inject", &Buffered::inject, "");
    d.leave_section("buffer");
  }
};

struct Copies {
  std::vector<PluginSection> store;
  static void describe(Describe<Copies>& d) { d.plugin("store", &Copies::store, PluginKind::output, ""); }
};

struct Own {
  std::string text;
  static void describe(Describe<Own>& d) {
    for (const char* name : {"format", "flush_interval", "id", "tag_key", "time_slice_format", "timezone"})
      d.param(name, &Own::text, "");
    d.leave_section("buffer");
  }
};

struct Reads {
  PluginSection parse;
  std::string delimiter;
  static void describe(Describe<Reads>& d) {
    d.plugin("parse", &Reads::parse, PluginKind::parser, "");
    d.param("delimiter", &Reads::delimiter, "");
  }
};

struct Lines {
  std::string text;
  static void describe(Describe<Lines>& d) {
    for (const char* name : {"time_format", "output_tag"}) d.param(name, &Lines::text, "");
  }
};

struct ReadsRegexp {
  std::string text;
  static void describe(Describe<ReadsRegexp>& d) {
    for (const char* name : {"expression", "time_format", "time_key", "types", "keep_time_key", "delimiter"})
      d.param(name, &ReadsRegexp::text, "");
  }
};

struct None {
  std::string unused;
  static void describe(Describe<None>&) {}
};

class OldParameters : public testing::Test {
 protected:
  std::string modern(std::string_view text) {
    Element root = parse_text(text, "t.conf", ".", {});
    warnings_.clear();
    modernize(root, registry_, [this](const SourcePos& pos, const std::string& message) {
      warnings_.push_back(cat(pos.to_string(), ": ", message));
    });
    root_ = root;
    return dump(root);
  }

  Registry registry_{{plugin<Buffered>(PluginKind::output, "buffered"), plugin<Copies>(PluginKind::output, "copies"),
                      plugin<Own>(PluginKind::output, "own"), plugin<Buffered>(PluginKind::output, "exec"),
                      plugin<Reads>(PluginKind::input, "reads"), plugin<Reads>(PluginKind::filter, "reads"),
                      plugin<Lines>(PluginKind::formatter, "lines"), plugin<None>(PluginKind::formatter, "json"),
                      plugin<ReadsRegexp>(PluginKind::parser, "regexp"), plugin<None>(PluginKind::parser, "json"),
                      plugin<None>(PluginKind::parser, "multiline")}};
  std::vector<std::string> warnings_;
  Element root_;
};

TEST_F(OldParameters, new_configurations_stay_as_they_are) {
  const std::string text =
      "<match a>\n  @type buffered\n  path x\n  <buffer>\n    flush_interval 1s\n  </buffer>\n</match>\n";
  EXPECT_EQ(modern(text), text);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(OldParameters, the_buffers_become_a_section) {
  EXPECT_EQ(
      modern("<match a>\n  type buffered\n  id x\n  log_level warn\n  path p\n  buffer_type file\n  buffer_path b\n"
             "  buffer_chunk_limit 8m\n  buffer_queue_limit 64\n  buffer_queue_full_action exception\n"
             "  flush_interval 5s\n  num_threads 2\n  retry_limit 17\n  retry_wait 1s\n  max_retry_wait 60\n"
             "  disable_retry_limit true\n</match>\n"),
      "<match a>\n  @type buffered\n  @id x\n  @log_level warn\n  path p\n  <buffer>\n    @type file\n    path b\n"
      "    chunk_limit_size 8m\n    queue_limit_length 64\n    overflow_action throw_exception\n"
      "    flush_interval 5s\n    flush_thread_count 2\n    retry_wait 1s\n    retry_max_times 17\n"
      "    retry_forever true\n    retry_max_interval 60\n  </buffer>\n</match>\n");
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], testing::StartsWith("t.conf:1:1: parameters of Fluentd 0.12 are read in their new form; "
                                                "write 'type' as '@type', 'id' as '@id', "));
  EXPECT_THAT(warnings_[0], HasSubstr("'buffer_chunk_limit' as 'chunk_limit_size' in <buffer>"));
}

TEST_F(OldParameters, slow_flush_log_threshold_has_its_place_in_the_output_also_beside_a_buffer) {
  const std::string buffer = "  <buffer>\n    slow_flush_log_threshold 5\n  </buffer>\n</match>\n";
  EXPECT_EQ(modern("<match a>\n  @type buffered\n  path p\n  slow_flush_log_threshold 5\n</match>\n"),
            "<match a>\n  @type buffered\n  path p\n" + buffer);
  EXPECT_EQ(modern("<match a>\n  @type buffered\n  slow_flush_log_threshold 5\n  <buffer>\n    flush_interval 1s\n"
                   "  </buffer>\n</match>\n"),
            "<match a>\n  @type buffered\n  <buffer>\n    flush_interval 1s\n    slow_flush_log_threshold 5\n"
            "  </buffer>\n</match>\n");
  EXPECT_EQ(modern("<match a>\n  @type buffered\n  slow_flush_log_threshold 9\n" + buffer),
            "<match a>\n  @type buffered\n" + buffer);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(OldParameters, a_time_slice_format_becomes_a_timekey) {
  EXPECT_EQ(
      modern("<match a>\n  @type buffered\n  time_slice_format %Y%m%d%H\n  time_slice_wait 10m\n  utc\n</match>\n"),
      "<match a>\n  @type buffered\n  <buffer time>\n    timekey_wait 10m\n    timekey 3600\n"
      "    timekey_use_utc \"\"\n  </buffer>\n</match>\n");
  EXPECT_THAT(modern("<match a>\n  @type buffered\n  time_slice_format %d\n  localtime\n</match>\n"),
              HasSubstr("<buffer time>\n    timekey 86400\n    timekey_use_utc false\n"));
  EXPECT_THAT(modern("<match a>\n  @type buffered\n  time_slice_format %d\n  timezone +09:00\n</match>\n"),
              HasSubstr("timekey_zone +09:00\n"));
  try {
    modern("<match a>\n  @type buffered\n  time_slice_format %Y%m\n</match>\n");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("t.conf:3:21: time_slice_format: expected at least the day"));
  }
}

TEST_F(OldParameters, outputs_that_were_cut_by_time_still_are_and_keep_their_interval) {
  EXPECT_EQ(modern("<match a>\n  @type exec\n  path p\n  flush_interval 5s\n</match>\n"),
            "<match a>\n  @type exec\n  path p\n  <buffer time>\n    flush_interval 5s\n    flush_mode interval\n"
            "    timekey 86400\n  </buffer>\n</match>\n");
  EXPECT_THAT(warnings_[0], HasSubstr("'timekey 86400' in <buffer time>"));
  EXPECT_EQ(modern("<match a>\n  @type exec\n  time_slice_format %H\n</match>\n"),
            "<match a>\n  @type exec\n  <buffer time>\n    timekey 3600\n  </buffer>\n</match>\n");
  const std::string now = "<match a>\n  @type exec\n  <buffer>\n    flush_interval 1s\n  </buffer>\n</match>\n";
  EXPECT_EQ(modern(now), now);
}

TEST_F(OldParameters, formats_and_their_parameters_become_a_section) {
  EXPECT_EQ(modern("<match a>\n  @type buffered\n  format json\n</match>\n"),
            "<match a>\n  @type buffered\n  <format>\n    @type json\n  </format>\n</match>\n");
  EXPECT_EQ(
      modern("<match a>\n  @type buffered\n  time_format %s\n  output_tag false\n</match>\n"),
      "<match a>\n  @type buffered\n  <format>\n    time_format %s\n    output_tag false\n  </format>\n</match>\n");
  EXPECT_THAT(modern("<match a>\n  @type buffered\n  format unknown\n  output_tag x\n</match>\n"),
              HasSubstr("  output_tag x\n  <format>\n    @type unknown\n"));
}

TEST_F(OldParameters, keys_for_time_and_tag_become_inject) {
  EXPECT_EQ(modern("<match a>\n  @type buffered\n  format json\n  include_time_key true\n  include_tag_key true\n"
                   "  time_format %Y\n  utc\n</match>\n"),
            "<match a>\n  @type buffered\n  <inject>\n    tag_key tag\n    time_key time\n    time_type string\n"
            "    time_format %Y\n    utc \"\"\n  </inject>\n  <format>\n    @type json\n  </format>\n</match>\n");
  EXPECT_EQ(modern("<match a>\n  @type buffered\n  time_key t\n  include_tag_key false\n  tag_key g\n</match>\n"),
            "<match a>\n  @type buffered\n  <inject>\n    time_key t\n  </inject>\n</match>\n");
  EXPECT_THAT(modern("<match a>\n  @type buffered\n  include_time_key yes\n  time_key t\n</match>\n"),
              HasSubstr("<inject>\n    time_key t\n    time_type string\n"));
}

TEST_F(OldParameters, formats_of_sources_and_filters_become_parse) {
  EXPECT_EQ(modern("<source>\n  type reads\n  format /^(?<a>.)$/i\n  time_format %s\n  types a:integer\n  tag x\n"
                   "  delimiter \"\\n\"\n</source>\n"),
            "<source>\n  @type reads\n  tag x\n  delimiter \"\\n\"\n  <parse>\n    @type regexp\n"
            "    expression /^(?<a>.)$/i\n    time_format %s\n    types a:integer\n  </parse>\n</source>\n");
  EXPECT_THAT(modern("<source>\n  @type reads\n  format /x/\n  types a=integer|b=float\n  types_delimiter |\n"
                     "  types_label_delimiter =\n</source>\n"),
              HasSubstr("    types a:integer,b:float\n  </parse>\n</source>\n"));
  EXPECT_EQ(modern("<filter>\n  @type reads\n  format multiline\n  format_firstline /a/\n  format1 /b/\n  format2 /c/\n"
                   "</filter>\n"),
            "<filter>\n  @type reads\n  format_firstline /a/\n  <parse>\n    @type multiline\n    format1 /b/\n"
            "    format2 /c/\n  </parse>\n</filter>\n");
}

TEST_F(OldParameters, stores_labels_and_workers_are_rewritten_too) {
  EXPECT_EQ(
      modern(
          "<label @X>\n  <match a>\n    type copies\n    <store>\n      type buffered\n      format json\n"
          "    </store>\n  </match>\n</label>\n<worker 0>\n  <source>\n    type reads\n    <parse>\n      type json\n"
          "    </parse>\n  </source>\n</worker>\n"),
      "<label @X>\n  <match a>\n    @type copies\n    <store>\n      @type buffered\n      <format>\n"
      "        @type json\n      </format>\n    </store>\n  </match>\n</label>\n<worker 0>\n  <source>\n"
      "    @type reads\n    <parse>\n      @type json\n    </parse>\n  </source>\n</worker>\n");
  EXPECT_EQ(warnings_.size(), 3u);
}

TEST_F(OldParameters, what_a_plugin_declares_itself_is_its_own) {
  const std::string text =
      "<match a>\n  @type own\n  format f\n  flush_interval 1s\n  id i\n  tag_key k\n  time_slice_format %d\n"
      "  timezone UTC\n</match>\n";
  EXPECT_EQ(modern(text), text);
  EXPECT_THAT(modern("<match a>\n  @type own\n  time_slice_format %H\n  retry_limit 1\n</match>\n"),
              HasSubstr("  time_slice_format %H\n  <buffer time>\n    retry_max_times 1\n    timekey 3600\n"));
}

TEST_F(OldParameters, beside_their_section_they_have_no_effect_and_are_named) {
  EXPECT_EQ(modern("<match a>\n  @type buffered\n  flush_interval 5s\n  include_tag_key true\n  format x\n  <buffer>\n"
                   "  </buffer>\n  <inject>\n  </inject>\n  <format>\n  </format>\n</match>\n"),
            "<match a>\n  @type buffered\n  <buffer>\n  </buffer>\n  <inject>\n  </inject>\n  <format>\n  </format>\n"
            "</match>\n");
  EXPECT_THAT(
      warnings_,
      ElementsAre("t.conf:3:3: 'flush_interval' has no effect beside <buffer>: write it there as 'flush_interval'",
                  "t.conf:4:3: 'include_tag_key' has no effect beside <inject>: write it there as 'tag_key'",
                  "t.conf:5:3: 'format' has no effect beside <format>: write it there as '@type'"));
}

TEST_F(OldParameters, the_new_elements_have_the_places_of_the_old_lines) {
  modern("<match a>\n  @type buffered\n\n  buffer_type x\n</match>\n");
  const Element& buffer = root_.children.at(0).children.at(0);
  EXPECT_EQ(buffer.pos.to_string(), "t.conf:4:3");
  EXPECT_EQ(buffer.attributes.at(0).value_pos.to_string(), "t.conf:4:15");
}

TEST_F(OldParameters, what_is_unknown_stays_for_the_error) {
  EXPECT_EQ(modern("<match a>\n  type nothing\n  format json\n</match>\n<record>\n  type x\n</record>\n"),
            "<match a>\n  @type nothing\n  format json\n</match>\n<record>\n  type x\n</record>\n");
}

}  // namespace
}  // namespace logboom
