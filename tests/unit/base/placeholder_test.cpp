#include <logboom/placeholder.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logboom {
namespace {

using std::chrono::seconds;

Template::Values values(std::string_view tag) {
  Template::Values out;
  out.tag = tag;
  out.timekey = EventTime{1'700'000'000, 0};
  out.chunk_id = "5f3a";
  out.field = [](std::string_view key) -> std::optional<std::string> {
    if (key == "host") return "web-1";
    if (key == "$.kubernetes.pod") return "pod-7";
    if (key == "evil") return "../../etc";
    if (key == "dot") return ".";
    return std::nullopt;
  };
  return out;
}

std::string expand(std::string_view text, std::string_view tag = "docker.app.web") {
  return Template::compile(text).expand(values(tag));
}

std::optional<std::string> path(std::string_view text, std::string_view tag) {
  std::string error;
  const auto out = Template::compile(text).expand_path(values(tag), error);
  EXPECT_EQ(out.has_value(), error.empty());
  return out;
}

TEST(Placeholders, tag_and_its_parts_are_put_in) {
  EXPECT_EQ(expand("/log/${tag}.log"), "/log/docker.app.web.log");
  EXPECT_EQ(expand("${tag[0]}-${tag[1]}-${tag[-1]}-${tag[-3]}"), "docker-app-web-docker");
  EXPECT_EQ(expand("<${tag[3]}${tag[-4]}${tag[99999999999999999999]}>"), "<>");
  EXPECT_EQ(expand("<${tag[0]}|${tag[1]}|${tag[-1]}>", ".a.."), "<|a|a>");
  EXPECT_EQ(expand("<${tag}${tag[0]}>", ""), "<>");
}

TEST(Placeholders, time_chunk_id_and_fields_are_put_in) {
  EXPECT_EQ(expand("a.%Y%m%d_%H.${chunk_id}.log"), "a.20231114_22.5f3a.log");
  EXPECT_EQ(expand("${host}/${$.kubernetes.pod}/<${missing}>"), "web-1/pod-7/<>");
}

TEST(Placeholders, time_is_printed_in_the_zone_of_the_values) {
  Template::Values v = values("a");
  v.zone = TimeZone::named("Asia/Tokyo");
  EXPECT_EQ(Template::compile("%Y%m%d%H %z").expand(v), "2023111507 +0900");
}

TEST(Placeholders, what_is_put_in_is_not_expanded_again) {
  EXPECT_EQ(expand("${tag}-${host}", "${host}.%Y"), "${host}.%Y-web-1");
}

TEST(Placeholders, what_the_chunk_does_not_have_stays_as_it_is_written) {
  EXPECT_EQ(Template::compile("${tag}.${tag[1]}.${key}.%Y%%").expand({}), "${tag}.${tag[1]}.${key}.%Y%%");
  EXPECT_EQ(expand("100%%"), "100%");
  EXPECT_EQ(expand("%iso8601"), "%iso8601");
  EXPECT_EQ(expand(""), "");
}

TEST(Placeholders, unknown_forms_stay_and_are_reported) {
  const Template t = Template::compile("a${tag_parts[0]}b${}c${tag[x]}d${tag");
  EXPECT_EQ(t.expand(values("x")), "a${tag_parts[0]}b${}c${tag[x]}d${tag");
  EXPECT_EQ(t.unknown_placeholders(), (std::vector<std::string>{"${tag_parts[0]}", "${}", "${tag[x]}", "${tag"}));
  EXPECT_EQ(expand("${a b${host}"), "${a bweb-1");
  EXPECT_TRUE(Template::compile("${hostname}").unknown_placeholders().empty());
}

TEST(Placeholders, what_a_template_uses_can_be_asked) {
  const Template t = Template::compile("/${tag[1]}/${b}/${$.a.b[0]}/${b}/${hostname}/%Y%m%d");
  EXPECT_TRUE(t.uses_tag());
  EXPECT_FALSE(t.uses_chunk_id());
  EXPECT_EQ(t.field_keys(), (std::vector<std::string>{"b", "$.a.b[0]", "hostname"}));
  EXPECT_TRUE(Template::compile("${chunk_id}").uses_chunk_id());
  EXPECT_FALSE(Template::compile("/plain").uses_tag());
}

TEST(Placeholders, the_finest_time_unit_is_known) {
  const auto unit = [](std::string_view text) { return Template::compile(text).time_unit(); };
  EXPECT_EQ(unit("%Y%m%d%H%M%S"), seconds(1));
  EXPECT_EQ(unit("%s"), seconds(1));
  EXPECT_EQ(unit("%Y%m%d%H%M"), seconds(60));
  EXPECT_EQ(unit("${tag}.%Y%m%d%H"), seconds(3600));
  EXPECT_EQ(unit("%F"), seconds(86'400));
  EXPECT_EQ(unit("%Y-%m"), seconds(31 * 86'400));
  EXPECT_EQ(unit("%Y"), seconds(366 * 86'400));
  EXPECT_EQ(unit("100%% ${tag}"), std::nullopt);
  EXPECT_FALSE(Template::compile("/log/x").uses_time());
}

TEST(PlaceholderPaths, plain_slashes_and_colons_of_image_names_are_fine) {
  EXPECT_EQ(path("/log/${tag}.log", "docker.reg:5000/team/app.1"), "/log/docker.reg:5000/team/app.1.log");
  EXPECT_EQ(path("/log/${tag}", "a..b"), "/log/a..b");
  EXPECT_EQ(path("/log/${tag}/x", "..."), "/log/.../x");
  EXPECT_EQ(path("../log/../${tag}", "a"), "../log/../a");
  EXPECT_EQ(path("${tag}/x", "a"), "a/x");
}

TEST(PlaceholderPaths, a_value_that_climbs_is_refused) {
  EXPECT_EQ(path("/log/${tag}", ".."), std::nullopt);
  EXPECT_EQ(path("/log/${tag}", "../x"), std::nullopt);
  EXPECT_EQ(path("/log/${tag}", "a/../../x"), std::nullopt);
  EXPECT_EQ(path("/log/${tag}", "a/.."), std::nullopt);
  EXPECT_EQ(path("/log/x/${evil}/y", "a"), std::nullopt);
}

TEST(PlaceholderPaths, a_component_that_only_becomes_dotdot_is_refused) {
  EXPECT_EQ(path("/log/.${tag}/x", "."), std::nullopt);
  EXPECT_EQ(path("/log/${tag}./x", "."), std::nullopt);
  EXPECT_EQ(path("/log/${dot}${dot}/x", "a"), std::nullopt);
  EXPECT_EQ(path("/log/.${missing}./x", "a"), std::nullopt);
  EXPECT_EQ(path("/log/.${tag}", "./x"), std::nullopt);
}

TEST(PlaceholderPaths, absolute_values_and_nul_bytes_are_refused_with_a_reason) {
  EXPECT_EQ(path("/log/${tag}", "/etc/passwd"), std::nullopt);
  EXPECT_EQ(path("${tag[9]}/x", "a"), std::nullopt);
  EXPECT_EQ(path("/log/${tag}", std::string_view("a\0b", 3)), std::nullopt);
  std::string error;
  EXPECT_FALSE(Template::compile("/log/${tag}").expand_path(values("/etc"), error));
  EXPECT_EQ(error, "refused a path made from '/log/${tag}': the value '/etc' starts with '/'");
}

}  // namespace
}  // namespace logboom
