#include <gmock/gmock.h>

#include <fstream>

#include <logboom/output.hpp>
#include <logboom/testing/context.hpp>

#include "../discovery.hpp"

namespace logboom::plugins {
PluginInfo out_forward();
}

namespace {

using namespace logboom;
using namespace logboom::out_forward;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Params = logboom::testing::FakeContext::Params;

Element section(std::string name, const Params& params) {
  Element element;
  element.name = std::move(name);
  for (const auto& [key, value] : params) {
    Attribute attribute;
    attribute.key = key;
    attribute.value = value;
    element.attributes.push_back(attribute);
  }
  return element;
}

/// What is wrong with it; "nothing" if it is made and, where asked for, started.
std::string why(const Params& params, const std::vector<Element>& sections, bool start = false) {
  logboom::testing::FakeContext context("match", "forward", params);
  context.section().children = sections;
  try {
    const auto plugin = plugins::out_forward().make(context.element(), context);
    if (start) dynamic_cast<Output&>(*plugin).start();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing";
}

const std::vector<Element> one_server{section("server", {{"host", "127.0.0.1"}})};

TEST(OutForwardOptions, refuses_what_makes_no_sense) {
  EXPECT_THAT(why({}, {}), HasSubstr("<server>"));
  EXPECT_THAT(why({}, {section("server", {{"port", "1"}})}), HasSubstr("host"));
  EXPECT_THAT(why({{"heartbeat_interval", "0"}}, one_server), HasSubstr("heartbeat_interval"));
  EXPECT_THAT(why({{"ack_response_timeout", "0.5"}}, one_server), HasSubstr("ack_response_timeout"));
  EXPECT_THAT(why({{"dns_round_robin", "true"}, {"heartbeat_type", "udp"}}, one_server), HasSubstr("dns_round_robin"));
  EXPECT_THAT(why({{"send_keepalive_packet", "true"}}, one_server), HasSubstr("keepalive true"));
  EXPECT_THAT(why({{"tls_cert_thumbprint", "x"}}, one_server), HasSubstr("Windows"));
  EXPECT_THAT(why({}, {section("service_discovery", {{"@type", "consul"}})}), HasSubstr("consul"));
  EXPECT_THAT(why({}, {section("service_discovery", {{"@type", "srv"}})}), HasSubstr("hostname"));
  EXPECT_THAT(why({}, {section("server", {{"host", "a"}}), section("security", {{"self_hostname", "me"}})}),
              HasSubstr("shared_key"));
  EXPECT_EQ(why({}, one_server), "nothing");
  EXPECT_EQ(why({{"host", "127.0.0.1"}}, {}), "nothing");
}

TEST(OutForwardOptions, a_name_that_is_not_known_is_an_error_at_the_start_unless_told_otherwise) {
  const std::vector<Element> unknown{section("server", {{"host", "no-such-host.invalid"}})};
  EXPECT_THAT(why({}, unknown, true), HasSubstr("no-such-host.invalid"));
  EXPECT_EQ(why({{"ignore_network_errors_at_startup", "true"}}, unknown, true), "nothing");
  EXPECT_EQ(why({{"heartbeat_type", "none"}}, unknown, true), "nothing");
  EXPECT_THAT(why({{"verify_connection_at_startup", "true"}},
                  {section("server", {{"host", "127.0.0.1"}, {"port", "1"}})}, true),
              HasSubstr("can't be reached"));
}

TEST(OutForwardOptions, its_buffer_is_fluentds) {
  logboom::testing::FakeContext context("match", "forward", {{"require_ack_response", "true"}});
  context.section().children = one_server;
  const auto plugin = plugins::out_forward().make(context.element(), context);
  const BufferDefaults defaults = dynamic_cast<ChunkOutput&>(*plugin).buffer_defaults();
  EXPECT_THAT(defaults.chunk_keys, ::testing::ElementsAre("tag"));
  EXPECT_EQ(defaults.flush_interval, std::chrono::seconds(60));
}

TEST(OutForwardDiscovery, reads_lists_in_yaml_and_json) {
  const std::vector<ServerSettings> yaml = read_server_list(
      "- host: 10.0.0.1\n  port: 24224\n  weight: 1\n  standby: true\n  name: a\n  shared_key: k\n- {host: b, port: "
      "5}\n",
      false);
  ASSERT_THAT(yaml, SizeIs(2));
  EXPECT_EQ(yaml[0].host, "10.0.0.1");
  EXPECT_EQ(yaml[0].weight, 1u);
  EXPECT_TRUE(yaml[0].standby);
  EXPECT_EQ(yaml[0].shared_key, "k");
  EXPECT_EQ(yaml[1].weight, 60u);
  EXPECT_EQ(yaml[1].title(), "b:5");
  const std::vector<ServerSettings> json = read_server_list(
      "[\n\t{\"host\":\"10.0.0.1\",\"port\":24224,\"weight\":1,\"standby\":true,\"name\":\"a\","
      "\"shared_key\":\"k\"},{\"host\":\"b\",\"port\":5,\"username\":null}]",
      true);
  EXPECT_EQ(json, yaml);
}

TEST(OutForwardDiscovery, says_what_is_wrong_with_a_list) {
  const auto wrong = [](const std::string& text, bool json = false) {
    try {
      read_server_list(text, json);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(wrong("host: a"), HasSubstr("no list"));
  EXPECT_THAT(wrong("- host: a"), HasSubstr("`port`"));
  EXPECT_THAT(wrong("- host: a\n  port: 70000"), HasSubstr("no number in range: 70000"));
  EXPECT_THAT(wrong("- [1]"), HasSubstr("no map"));
  EXPECT_THAT(wrong("- host: [a]\n  port: 1"), HasSubstr("no text"));
  EXPECT_THAT(wrong("[{", true), HasSubstr("byte"));
  EXPECT_THAT(wrong("{}", true), HasSubstr("no list"));
  EXPECT_EQ(wrong(""), "nothing");
}

TEST(OutForwardDiscovery, a_file_is_read_again_when_it_changes) {
  const std::string path = ::testing::TempDir() + "out_forward_servers.yaml";
  const auto write = [&path](const std::string& text) { std::ofstream(path) << text; };
  write("- {host: a, port: 1}\n");
  DiscoveryOptions options;
  options.path = path;
  const auto discovery = make_file_discovery(options);
  std::vector<ServerSettings> servers;
  std::string error;
  EXPECT_TRUE(discovery->look(servers, error));
  EXPECT_FALSE(discovery->look(servers, error));
  EXPECT_EQ(error, "");
  write("- {host: a, port: 1}\n- {host: b, port: 2}\n");
  EXPECT_TRUE(discovery->look(servers, error));
  EXPECT_THAT(servers, SizeIs(2));
  write("- {host: c}\n");
  EXPECT_FALSE(discovery->look(servers, error));
  EXPECT_THAT(error, HasSubstr(path));
  EXPECT_THAT(servers, SizeIs(2));
  std::remove(path.c_str());
  error.clear();
  EXPECT_FALSE(discovery->look(servers, error));
  EXPECT_THAT(error, HasSubstr("can't be read"));
}

}  // namespace
