#include "config/dump.hpp"

#include "base/suggest.hpp"
#include "config_test_support.hpp"

#include <gtest/gtest.h>

namespace logboom {
namespace {

using config_test::Fixture;
using config_test::outline;

TEST(Dump, is_canonical_text) {
  const Element root = Fixture().parse(
      "# c\nworkers   2\n<match   a.** b  >\n@type stdout # c\n<buffer tag,time>\n"
      "timekey \"1d\"\n</buffer>\n</match>");
  EXPECT_EQ(dump(root),
            "workers 2\n<match a.** b>\n  @type stdout\n  <buffer tag,time>\n    timekey 1d\n  </buffer>\n</match>\n");
  EXPECT_EQ(dump(root.children[0].children[0]), "<buffer tag,time>\n  timekey 1d\n</buffer>\n");
}

TEST(Dump, quotes_what_needs_it) {
  const Element root = Fixture().parse(
      "a ''\nb ' x '\nc \"1\\n2\"\nd 'say \"x\" #{y} #z'\n'e f' 1\ng [ 1, \"x\" ]\nh '[1,'\ni \"#{use_nil}\"\n"
      "j \"#{use_default}\"\nk '#x'\nl a\\b\n<m 'a>b'>\n</m>");
  EXPECT_EQ(dump(root), R"(a ""
b " x "
c "1\n2"
d "say \"x\" \#{y} #z"
"e f" 1
g [1,"x"]
h "[1,"
i "#{use_nil}"
j "#{use_default}"
k "#x"
l a\b
<m "a>b">
</m>
)");
}

TEST(Dump, hides_secrets) {
  const Element root = Fixture().parse(
      "password p\nshared_key s\nprivate_key_passphrase x\nclient_secret y\nAuth_Token z\nuser u\nempty_password \"\"");
  EXPECT_EQ(dump(root),
            "password xxxxxx\nshared_key xxxxxx\nprivate_key_passphrase xxxxxx\nclient_secret xxxxxx\n"
            "Auth_Token xxxxxx\nuser u\nempty_password xxxxxx\n");
}

TEST(Dump, parses_to_the_same_again) {
  for (const std::string text : {"k \"a\\0b\\r\\n\\t\\f\\b\\\\\\\"\"", "\"\" v", "<record>\n\"@x\" 1\n</record>",
                                 "k \"\\#{x}\"", "k '{\"a\":\"#{b}\"}'", "<record>\nk \\\n</record>", "\"include\" x",
                                 "\"<a>\" b", "\"#a\" b", "<match \"a\\nb\">\n</match>", "<match \"\">\n</match>",
                                 "k \xFF\xFE", "\"\xEF\xBB\xBF\" x", "k {\"a\":[1,2,{\"b\":null}]}", "k '\"'"}) {
    Fixture fixture;
    fixture.options.warn = nullptr;
    const Element once = fixture.parse(text);
    EXPECT_EQ(outline(fixture.parse(dump(once))), outline(once)) << text;
  }
}

}  // namespace
}  // namespace logboom
