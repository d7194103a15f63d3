#include <gmock/gmock.h>

#include <logboom/testing/parser_driver.hpp>

#include "messages.hpp"

namespace {

using namespace logboom;
using namespace logboom::in_syslog;
using namespace logboom::in_syslog::tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Settings settings_at(TimeParser::Clock clock, const char* zone = "+00:00") {
  Settings settings = settings_with();
  settings.clock = clock;
  settings.zone = TimeZone::named(zone);
  return settings;
}

constexpr std::int64_t new_year_2027 = 1798761600;

TEST(InSyslogTimes, around_new_year_a_time_is_that_of_the_nearer_year) {
  const Settings just_before = settings_at([] { return new_year_2027 - 10; });
  expect_messages(
      {{"<13>Dec 31 23:59:50 h a: now", R"(user.notice 1798761590 {"host":"h","ident":"a","message":"now"})"},
       {"<13>Jan  1 00:30:00 h a: a clock that is ahead",
        R"(user.notice 1798763400 {"host":"h","ident":"a","message":"a clock that is ahead"})"},
       {"<13>Jan  3 00:00:00 h a: last January",
        R"(user.notice 1767398400 {"host":"h","ident":"a","message":"last January"})"}},
      just_before);
  const Settings just_behind = settings_at([] { return new_year_2027 + 10; });
  expect_messages(
      {{"<13>Dec 31 23:59:58 h a: a moment ago",
        R"(user.notice 1798761598 {"host":"h","ident":"a","message":"a moment ago"})"},
       {"<13>Jan  1 00:00:09 h a: now", R"(user.notice 1798761609 {"host":"h","ident":"a","message":"now"})"}},
      just_behind);
}

TEST(InSyslogTimes, a_time_without_a_zone_is_of_the_zone_that_is_set) {
  const Settings tokyo = settings_at([] { return new_year_2027 - 10; }, "Asia/Tokyo");
  expect_messages(
      {{"<13>Jan  1 08:59:50 h a: it is next year there",
        R"(user.notice 1798761590 {"host":"h","ident":"a","message":"it is next year there"})"},
       {"<13>2026-12-31T23:59:50Z h a: this one says its zone",
        R"(user.notice 1798761590 {"host":"h","ident":"a","message":"this one says its zone"})"},
       {"<13>2027-01-01T08:59:50 h a: none", R"(user.notice 1798761590 {"host":"h","ident":"a","message":"none"})"}},
      tokyo);
}

TEST(InSyslogTimes, the_29th_of_february_is_that_of_a_leap_year) {
  expect_messages({{"<13>Feb 29 00:00:00 h a: x", R"(user.notice 1709164800 {"host":"h","ident":"a","message":"x"})"}},
                  settings_at([] { return new_year_2027; }));
}

TEST(InSyslogTimes, the_time_of_arrival_on_request) {
  Options options;
  options.receive_time = true;
  expect_messages({{"<13>Nov 23 00:33:46 h a: x", R"(user.notice arrival {"host":"h","ident":"a","message":"x"})"}},
                  settings_with(options));
  Settings kept = settings_with(options);
  kept.parser.keep_time_key = true;
  expect_messages(
      {{"<13>Nov 23 00:33:46 a: x", R"(user.notice arrival {"time":"Nov 23 00:33:46","ident":"a","message":"x"})"}},
      kept);
}

TEST(InSyslogFields, severity_facility_and_sender_are_written_where_asked_to) {
  Options options;
  options.severity_key = "severity";
  options.facility_key = "facility";
  options.source_address_key = "from";
  options.resolve_hostname = true;
  expect_messages(
      {{"<27>a: x",
        R"(daemon.err arrival {"ident":"a","message":"x","severity":"err","facility":"daemon","from":"","source_hostname":""})"}},
      settings_with(options));
}

TEST(InSyslogFields, structured_data_may_be_nested_under_its_ids) {
  Settings settings = settings_with();
  settings.parser.structured_data = SyslogParserOptions::Data::nested;
  expect_messages(
      {{R"(<16>1 - h a - - [x@1 k="v" q="a \"b\" \] \\ \n"][y] m)",
        R"j(mail.emerg arrival {"host":"h","ident":"a","pid":"-","msgid":"-","message":"m","structured_data":{"x@1":{"k":"v","q":"a \"b\" ] \\ \\n"},"y":{}}})j"},
       {R"(<16>1 - h a - - [o ip="1" ip="2" z="3"])",
        R"j(mail.emerg arrival {"host":"h","ident":"a","pid":"-","msgid":"-","structured_data":{"o":{"ip":["1","2"],"z":"3"}}})j"},
       {R"(<16>1 - h a - - [b p="0"][a p="1"][b p="2" q="3"][c][a p="4"] m)",
        R"j(mail.emerg arrival {"host":"h","ident":"a","pid":"-","msgid":"-","message":"m","structured_data":{"b":{"p":["0","2"],"q":"3"},"a":{"p":["1","4"]},"c":{}}})j"},
       {R"(<16>1 - h a - - [b p="0"][b q="2"] m)",
        R"j(mail.emerg arrival {"host":"h","ident":"a","pid":"-","msgid":"-","message":"m","structured_data":{"b":{"p":"0","q":"2"}}})j"},
       {"<16>1 - h a - - - m", R"(mail.emerg arrival {"host":"h","ident":"a","pid":"-","msgid":"-","message":"m"})"}},
      settings);
}

TEST(InSyslogFields, the_host_is_where_the_configuration_says) {
  Options never;
  never.hostname = SyslogHost::never;
  expect_messages({{"<30>Nov 23 00:33:46 my web app[27186]: hello",
                    R"(daemon.info 1795394026 {"ident":"my web app","pid":"27186","message":"hello"})"}},
                  settings_with(never));
  Options always;
  always.hostname = SyslogHost::always;
  expect_messages({{"<30>Nov 23 00:33:46 10.0.0.1:514: app: hello",
                    R"(daemon.info 1795394026 {"host":"10.0.0.1:514:","ident":"app","message":"hello"})"}},
                  settings_with(always));
}

std::string split(std::string_view format, std::string_view tag) {
  const TagFormat parsed(format);
  std::vector<TagFormat::Field> fields(parsed.fields());
  if (!parsed.split(tag, fields.data())) return "none";
  std::string text;
  for (const TagFormat::Field& field : fields) text += cat(text.empty() ? "" : " ", field.key, "=", field.value);
  return text;
}

TEST(InSyslogTagFormat, takes_dockers_tags_apart) {
  constexpr const char* format = "{{.ImageName}}/{{.Name}}/{{.ID}}";
  EXPECT_EQ(split(format, "registry:5000/team/app:1.2/web-1/0123456789ab"),
            "image_name=registry:5000/team/app:1.2 container_name=web-1 container_id=0123456789ab");
  EXPECT_EQ(split(format, "nginx/web/0123456789ab"), "image_name=nginx container_name=web container_id=0123456789ab");
  EXPECT_EQ(split(format, "nginx/0123456789ab"), "none");
  EXPECT_EQ(split(format, "nginx/web/0123456789ax"), "none");
  EXPECT_EQ(split("docker.{{.Name}}.{{.ID}}", "docker.a.b_c.0123456789ab"),
            "container_name=a.b_c container_id=0123456789ab");
  EXPECT_EQ(split("{{.FullID}}", std::string(64, 'a')), cat("container_id=", std::string(64, 'a')));
  EXPECT_EQ(split("{{.ImageName}}:{{ .Name }}", "reg:5000/x:1:web"), "image_name=reg:5000/x:1 container_name=web");
  EXPECT_EQ(split(R"({{.Name}}/{{index .ContainerLabels "com.example.app"}})", "web/shop"),
            "container_name=web com.example.app=shop");
  EXPECT_EQ(split("{{.DaemonName}}|{{.Command}}", "docker|sh -c x|y"), "daemon_name=docker command=sh -c x|y");
  EXPECT_EQ(split(format, std::string(10'000, '/')), "none");
  for (const char* bad : {"", "docker", "{{.ID", "{{.Name}}{{.ID}}", "{{.Foo}}", "{{ID}}"}) {
    EXPECT_THROW(TagFormat{bad}, std::invalid_argument) << bad;
  }
}

TEST(InSyslogTagFormat, its_fields_stand_behind_the_message) {
  Settings settings = settings_with();
  settings.tag_format = TagFormat("{{.Name}}/{{.ID}}");
  expect_messages(
      {{"<30>Nov 23 00:33:46 web/0123456789ab[7]: x",
        R"(daemon.info 1795394026 {"ident":"web/0123456789ab","pid":"7","message":"x","container_name":"web","container_id":"0123456789ab"})"},
       {"<30>Nov 23 00:33:46 dockerd[7]: x", R"(daemon.info 1795394026 {"ident":"dockerd","pid":"7","message":"x"})"}},
      settings);
}

/// The lengths of the messages that come of these.
std::vector<std::size_t> joined(const std::vector<std::string>& messages, bool timer_fires = false) {
  Options options;
  options.join_split_lines = true;
  if (timer_fires) options.join_timeout = std::chrono::nanoseconds(0);
  const Settings settings = settings_with(options);
  logboom::testing::FakeHost host;
  Shared shared(settings, host);
  logboom::testing::FakeConnection connection;
  Events events(connection, shared, "test");
  for (const std::string& message : messages) {
    events.add(message, false, arrival);
    if (timer_fires) events.on_timer();
  }
  events.end();
  std::vector<std::size_t> sizes;
  for (const Delivery& delivery : connection.deliveries()) {
    delivery.batch->for_each(
        [&sizes](const Event& event) { sizes.push_back(event.record.find("message").text().size()); });
  }
  return sizes;
}

TEST(InSyslogJoin, a_message_of_16384_bytes_is_continued_by_the_next_of_its_sender) {
  const std::string out = "<30>Nov 23 00:33:46 0123456789ab[7]: ";
  const std::string err = "<27>Nov 23 00:33:46 0123456789ab[7]: ";
  const std::string part(16384, 'x');
  EXPECT_THAT(joined({out + part + "\n", out + part + "\n", out + "end\n", out + "next\n"}), ElementsAre(32771, 4));
  EXPECT_THAT(joined({out + part, err + "other stream", out + "end"}), ElementsAre(12, 16387));
  EXPECT_THAT(joined({out + part}), ElementsAre(16384));
  EXPECT_THAT(joined({out + part, out + "late"}, true), ElementsAre(16384, 4));
  const std::string rfc5424 = "<30>1 2026-11-23T00:33:46Z vm a 7 a - ";
  EXPECT_THAT(joined({rfc5424 + part + "\n", rfc5424 + "end\n"}), ElementsAre(16387));
}

}  // namespace
