#include <gmock/gmock.h>

#include <logboom/output.hpp>
#include <logboom/testing/formatter_driver.hpp>

#include "../message.hpp"

namespace logboom::plugins {
PluginInfo out_syslog();
}

namespace {

using namespace logboom;
using namespace logboom::out_syslog;
using ::testing::HasSubstr;

constexpr EventTime at_noon{1795608000, 123456789};

/// The message of a record that is given as JSON.
std::string message(Options options, std::string_view json, EventTime time = at_noon, std::string_view tag = "t") {
  options.timezone = "+00:00";
  options.hostname = "me";
  MessageWriter writer(options, nullptr);
  OutBuffer bytes;
  JsonError error;
  if (!JsonReader().read(json, bytes, error)) return error.message;
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  Event event;
  event.time = time;
  event.record = Record(msgpack::Value(data, data + bytes.size()));
  OutBuffer out;
  EXPECT_TRUE(writer.append(tag, event, out));
  return std::string(out.text());
}

Options rfc5424() {
  Options options;
  options.message_format = Format::rfc5424;
  return options;
}

TEST(OutSyslog, writes_rfc3164) {
  EXPECT_EQ(message({}, R"({"message":"hi"})"), "<13>Nov 25 12:00:00 me logboom: hi");
  EXPECT_EQ(message({}, R"({"message":"hi"})", {1793707200, 0}), "<13>Nov  3 12:00:00 me logboom: hi");
  EXPECT_EQ(
      message({}, R"({"host":"h","ident":"a/b:1","pid":7,"message":"x\ny\n","facility":"local3","severity":"Error"})"),
      "<155>Nov 25 12:00:00 h a/b:1[7]: x#012y");
  EXPECT_EQ(message({}, R"({"log":"of Docker"})"), "<13>Nov 25 12:00:00 me logboom: of Docker");
  EXPECT_EQ(message({}, R"({"a":1})"), R"(<13>Nov 25 12:00:00 me logboom: {"a":1})");
  EXPECT_EQ(message({}, R"({"ident":"two words","pid":"-","message":""})"), "<13>Nov 25 12:00:00 me two_words: ");
}

TEST(OutSyslog, writes_rfc5424_with_structured_data) {
  EXPECT_EQ(message(rfc5424(), R"({"message":"hi"})"), "<13>1 2026-11-25T12:00:00.123456+00:00 me logboom - - - hi");
  EXPECT_EQ(message(rfc5424(), R"j({"host":"h","ident":"a","pid":"7","msgid":"m","message":"x",
                                    "structured_data":{"x@1":{"k":"v \"]\\","n":[1,"2"]},"bad id":{"a":1},"y":{}}})j"),
            R"j(<13>1 2026-11-25T12:00:00.123456+00:00 h a 7 m [x@1 k="v \"\]\\" n="1" n="2"][y] x)j");
  EXPECT_THAT(message(rfc5424(), R"j({"structured_data":"[a b=\"c\"]","message":"x"})j"), HasSubstr(R"( [a b="c"] x)"));
  EXPECT_THAT(message(rfc5424(), R"j({"structured_data":"[a b","message":"x"})j"), HasSubstr(" - - - x"));
  Options fields = rfc5424();
  fields.structured_data_id = "app@1";
  fields.structured_data_fields = {"user", "$.request.id", "none"};
  EXPECT_THAT(message(fields, R"({"user":"bob","request":{"id":5},"message":"x"})"),
              HasSubstr(R"( [app@1 user="bob" id="5"] x)"));
}

TEST(OutSyslog, takes_facility_and_severity_from_a_tag_as_the_input_has_it_where_the_record_says_none) {
  const auto priority = [](std::string_view tag, std::string_view json) {
    Options options;
    options.facility = "local7";
    const std::string all = message(options, json, at_noon, tag);
    return all.substr(0, all.find('>') + 1);
  };
  const std::string_view plain = R"({"message":"x"})";
  EXPECT_EQ(priority("syslog.daemon.err", plain), "<27>");
  EXPECT_EQ(priority("a.b.kern.emerg", plain), "<0>");
  EXPECT_EQ(priority("local0.debug", plain), "<135>");
  EXPECT_EQ(priority("syslog.daemon.err", R"({"message":"x","severity":"info"})"), "<30>");
  EXPECT_EQ(priority("syslog.daemon.err", R"({"message":"x","facility":"mail"})"), "<19>");
  for (const char* other :
       {"", "err", ".err", "daemon.", "syslog.daemon.loud", "syslog.x.err", "3.4", "daemon.err.x"}) {
    EXPECT_EQ(priority(other, plain), "<189>") << other;
  }
}

TEST(OutSyslog, takes_the_structured_data_that_the_input_writes_as_text) {
  EXPECT_THAT(message(rfc5424(), R"j({"extradata":"[a b=\"c\"][d]","message":"x"})j"),
              HasSubstr(R"( - - [a b="c"][d] x)"));
  EXPECT_THAT(message(rfc5424(), R"j({"extradata":"[a]","structured_data":"[b]","message":"x"})j"),
              HasSubstr(" - - [b] x"));
  EXPECT_THAT(message(rfc5424(), R"j({"extradata":"-","message":"x"})j"), HasSubstr(" - - - x"));
  Options none = rfc5424();
  none.structured_data_key = "";
  EXPECT_THAT(message(none, R"j({"extradata":"[a]","message":"x"})j"), HasSubstr(" - - - x"));
}

TEST(OutSyslog, nothing_in_a_record_ends_the_message_or_begins_another) {
  const std::string_view forged = R"j({"message":"m\n<0>n\u0000o","host":"h\n<0>x","ident":"a\t b\r","pid":"1 2\n",
      "msgid":"i\u007f\n","structured_data":{"x@1":{"k":"v\"]\n<0>1 - evil\u0000\r\u001b\t!","a\nb":"c"},"y\nz":{}},"u":"1\n2"})j";
  Options options = rfc5424();
  options.structured_data_id = "app@1";
  options.structured_data_fields = {"u"};
  options.protocol = Protocol::tcp;
  EXPECT_EQ(message(options, forged),
            "<13>1 2026-11-25T12:00:00.123456+00:00 h_<0>x a__b_ 1_2_ i__ "
            "[x@1 k=\"v\\\"\\]#012<0>1 - evil#000#015#033\t!\"][app@1 u=\"1#0122\"] m#012<0>n#000o");
  options.structured_data_fields.clear();
  const std::string_view text = R"j({"message":"m","structured_data":"[x@1 k=\"v\n<0>w\"]"})j";
  EXPECT_THAT(message(options, text), HasSubstr(R"([x@1 k="v#012<0>w"] m)"));
  const std::string_view extra = R"j({"message":"m","extradata":"[x\n1 k=\"v\nw\"]"})j";
  EXPECT_THAT(message(options, extra), HasSubstr(R"([x#0121 k="v#012w"] m)"));
  EXPECT_THAT(message({}, forged), ::testing::StartsWith("<13>Nov 25 12:00:00 h_<0>x a__b_[1_2_]: m#012<0>n"));
  // A count says where the message ends.
  options.frame_type = Framing::octet_count;
  EXPECT_THAT(message(options, text), HasSubstr("[x@1 k=\"v\n<0>w\"] m"));
}

TEST(OutSyslog, cuts_a_long_message_between_characters_and_marks_it) {
  Options options;
  options.packet_size = {60};
  const std::string cut = message(options, R"({"message":"ééééééééééééééééééééééééé"})");
  EXPECT_THAT(cut, ::testing::EndsWith("é...[cut]"));
  EXPECT_LE(cut.size(), 60u);
  Options datagrams;
  EXPECT_EQ(message(datagrams, cat("{\"message\":\"", std::string(70'000, 'x'), "\"}")).size(), 65'000u);
  datagrams.protocol = Protocol::tcp;
  EXPECT_GT(message(datagrams, cat("{\"message\":\"", std::string(70'000, 'x'), "\"}")).size(), 70'000u);
}

TEST(OutSyslog, knows_the_usual_names) {
  EXPECT_EQ(severity_number("WARNING"), 4u);
  EXPECT_EQ(severity_number("warn"), 4u);
  EXPECT_EQ(severity_number("7"), 7u);
  EXPECT_EQ(severity_number("8"), std::nullopt);
  EXPECT_EQ(facility_number("local7"), 23u);
  EXPECT_EQ(facility_number("24"), std::nullopt);
  EXPECT_EQ(facility_number("authpriv"), 10u);
}

TEST(OutSyslog, refuses_a_configuration_that_makes_no_sense) {
  const auto why = [](const logboom::testing::FakeContext::Params& params) {
    logboom::testing::FakeContext context("match", "syslog", params);
    try {
      plugins::out_syslog().make(context.element(), context);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(why({}), HasSubstr("host"));
  EXPECT_THAT(why({{"host", "h"}, {"tls", "true"}}), HasSubstr("TLS"));
  EXPECT_THAT(why({{"protocol", "unix"}}), HasSubstr("path"));
  EXPECT_THAT(why({{"host", "h"}, {"severity", "loud"}}), HasSubstr("loud"));
  EXPECT_THAT(why({{"host", "h"}, {"structured_data_fields", "a"}}), HasSubstr("structured_data_id"));
  EXPECT_EQ(why({{"host", "h"}}), "nothing");
}

}  // namespace
