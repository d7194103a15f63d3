#include "cli/certs_names.hpp"

#include <gmock/gmock.h>

#include "cli/certs_snippets.hpp"
#include "cli/options.hpp"

namespace logboom {
namespace {

using testing::HasSubstr;

std::string entry(const std::string& name) { return server_name(name).entry(); }

std::string refusal(const std::string& name) {
  try {
    return "taken as " + entry(name);
  } catch (const CliError& error) {
    return error.what();
  }
}

TEST(CertNames, names_and_addresses_are_told_apart_and_written_in_one_form) {
  EXPECT_EQ(entry("Logs.Example.COM"), "DNS:logs.example.com");
  EXPECT_EQ(entry("localhost"), "DNS:localhost");
  EXPECT_EQ(entry("my_service"), "DNS:my_service");
  EXPECT_EQ(entry("xn--bcher-kva.example"), "DNS:xn--bcher-kva.example");
  EXPECT_EQ(entry("*.example.com"), "DNS:*.example.com");
  EXPECT_EQ(entry("192.0.2.7"), "IP:192.0.2.7");
  EXPECT_EQ(entry("[2001:DB8:0:0::1]"), "IP:2001:db8::1");
  EXPECT_EQ(entry("::1"), "IP:::1");
  EXPECT_EQ(server_names({"a", "A", "::1", "[0::1]"}).size(), 2U);
}

TEST(CertNames, what_is_no_name_is_refused_with_the_reason) {
  EXPECT_THAT(refusal("https://a.example"), HasSubstr("URL"));
  EXPECT_THAT(refusal("a.example:24224"), HasSubstr("ports"));
  EXPECT_THAT(refusal("10.0.0.0/8"), HasSubstr("network"));
  EXPECT_THAT(refusal("fe80::1%eth0"), HasSubstr("interface"));
  EXPECT_THAT(refusal("256.1.1.1"), HasSubstr("neither an IPv4 address nor a name"));
  EXPECT_THAT(refusal("1.2.3"), HasSubstr("neither an IPv4 address nor a name"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("a..b"), HasSubstr("empty parts"));
  EXPECT_THAT(refusal("a."), HasSubstr("empty parts"));
  EXPECT_THAT(refusal("-a.b"), HasSubstr("begins nor ends with -"));
  EXPECT_THAT(refusal("a b"), HasSubstr("can't have ' '"));
  EXPECT_THAT(refusal("a,DNS:b"), HasSubstr("ports"));
  EXPECT_THAT(refusal("a,b"), HasSubstr("can't have ','"));
  EXPECT_THAT(refusal("b\xc3\xbc"
                      "cher.example"),
              HasSubstr("xn--"));
  EXPECT_THAT(refusal(std::string(64, 'a') + ".b"), HasSubstr("63"));
  EXPECT_THAT(
      refusal(std::string(127, 'a').replace(60, 1, ".") + "." + std::string(63, 'b') + "." + std::string(63, 'c')),
      HasSubstr("253"));
}

TEST(CertNames, a_wildcard_is_the_whole_first_part_above_two_others) {
  EXPECT_THAT(refusal("*"), HasSubstr("*.example.com"));
  EXPECT_THAT(refusal("*.com"), HasSubstr("two parts"));
  EXPECT_THAT(refusal("a.*.com"), HasSubstr("whole first part"));
  EXPECT_THAT(refusal("w*.example.com"), HasSubstr("whole first part"));
  EXPECT_THAT(refusal("*.*.example.com"), HasSubstr("whole first part"));
}

TEST(CertNames, a_wildcard_covers_one_part) {
  const auto have = server_names({"*.example.com", "192.0.2.7"});
  EXPECT_TRUE(covers(have, server_name("a.example.com")));
  EXPECT_TRUE(covers(have, server_name("*.example.com")));
  EXPECT_TRUE(covers(have, server_name("192.0.2.7")));
  EXPECT_FALSE(covers(have, server_name("a.b.example.com")));
  EXPECT_FALSE(covers(have, server_name("example.com")));
  EXPECT_FALSE(covers(have, server_name("192.0.2.8")));
}

TEST(CertNames, a_client_has_an_alternative_name_where_it_has_a_fit_one) {
  EXPECT_EQ(client_alt_names("node1.example")[0].entry(), "DNS:node1.example");
  EXPECT_EQ(client_alt_names("ops@example.com")[0].entry(), "email:ops@example.com");
  EXPECT_TRUE(client_alt_names("-x").empty());
  EXPECT_THROW(client_name("../../etc/passwd"), CliError);
  EXPECT_THROW(client_name(".hidden"), CliError);
  EXPECT_THROW(client_name(std::string(65, 'a')), CliError);
}

TEST(CertNames, files_have_names_without_stars_and_colons) {
  EXPECT_EQ(file_stem("*.example.com"), "_wildcard.example.com");
  EXPECT_EQ(file_stem("2001:db8::1"), "2001_db8__1");
}

TEST(CertSnippets, words_are_in_quotes_where_they_need_them) {
  EXPECT_EQ(conf_word("/etc/logboom/a-b_c.pem"), "/etc/logboom/a-b_c.pem");
  EXPECT_EQ(conf_word("/my files/#{x}'\\"), "'/my files/#{x}\\'\\\\'");
  EXPECT_EQ(shell_word("/it's"), "'/it'\\''s'");
  EXPECT_EQ(host_and_port("::1", 2376), "[::1]:2376");
  EXPECT_EQ(host_and_port("a", 2376), "a:2376");
}

}  // namespace
}  // namespace logboom
