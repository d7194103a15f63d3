#include "messages.hpp"

namespace {

using logboom::in_syslog::tests::expect_messages;

TEST(InSyslogDocker, the_four_formats_of_dockers_driver) {
  expect_messages({
      {"<30>Nov 23 00:33:46 0123456789ab[27186]: hello",
       R"(daemon.info 1795394026 {"ident":"0123456789ab","pid":"27186","message":"hello"})"},
      {"<27>Nov 23 00:33:46 0123456789ab[27186]: to stderr",
       R"(daemon.err 1795394026 {"ident":"0123456789ab","pid":"27186","message":"to stderr"})"},
      {"<30>Nov  3 00:33:46 0123456789ab[27186]: a day of one digit",
       R"(daemon.info 1793666026 {"ident":"0123456789ab","pid":"27186","message":"a day of one digit"})"},
      {"<30>Nov 23 00:33:46 vm 0123456789ab[27186]: hello",
       R"(daemon.info 1795394026 {"host":"vm","ident":"0123456789ab","pid":"27186","message":"hello"})"},
      {"<30>1 2026-11-23T00:33:46Z vm 0123456789ab 27186 0123456789ab - hello",
       R"(daemon.info 1795394026 {"host":"vm","ident":"0123456789ab","pid":"27186","msgid":"0123456789ab","extradata":"-","message":"hello"})"},
      {"<30>1 2026-11-23T00:33:46.672079Z vm 0123456789ab 27186 0123456789ab - hello",
       R"(daemon.info 1795394026.672079000 {"host":"vm","ident":"0123456789ab","pid":"27186","msgid":"0123456789ab","extradata":"-","message":"hello"})"},
      {"<134>Nov 23 00:33:46 vm 0123456789ab[27186]: facility local0",
       R"(local0.info 1795394026 {"host":"vm","ident":"0123456789ab","pid":"27186","message":"facility local0"})"},
      {"<30>Nov 23 00:33:46 registry:5000/team/app:1.2/web/0123456789ab[27186]: GET /",
       R"(daemon.info 1795394026 {"ident":"registry:5000/team/app:1.2/web/0123456789ab","pid":"27186","message":"GET /"})"},
      {"<30>Nov 23 00:33:46 vm registry:5000/team/app:1.2/web/0123456789ab[27186]: GET /",
       R"(daemon.info 1795394026 {"host":"vm","ident":"registry:5000/team/app:1.2/web/0123456789ab","pid":"27186","message":"GET /"})"},
      {"<30>1 2026-11-23T00:33:46Z vm registry:5000/team/app:1.2/web/0123456789ab 27186 "
       "registry:5000/team/app:1.2/web/0123456789ab - GET /",
       R"(daemon.info 1795394026 {"host":"vm","ident":"registry:5000/team/app:1.2/web/0123456789ab","pid":"27186","msgid":"registry:5000/team/app:1.2/web/0123456789ab","extradata":"-","message":"GET /"})"},
      {"<30>Nov 23 00:33:46 vm my app[27186]: a tag with a blank",
       R"(daemon.info 1795394026 {"host":"vm","ident":"my app","pid":"27186","message":"a tag with a blank"})"},
      {"<30>1 2026-11-23T00:33:46Z vm my app 27186 my app - a tag with a blank",
       R"(daemon.info 1795394026 {"host":"vm","ident":"my app","pid":"27186","msgid":"my app","extradata":"-","message":"a tag with a blank"})"},
      {"<30>Nov 23 00:33:46 vm docker.web.1[27186]:   at com.example.Main(Main.java:3)",
       R"j(daemon.info 1795394026 {"host":"vm","ident":"docker.web.1","pid":"27186","message":"  at com.example.Main(Main.java:3)"})j"},
      {"<30>Nov 23 00:33:46 vm docker.web.1[27186]: \tat com.example.Main",
       R"(daemon.info 1795394026 {"host":"vm","ident":"docker.web.1","pid":"27186","message":"\tat com.example.Main"})"},
      {"<30>Nov 23 00:33:46 vm web[27186]: carriage return kept inside\rhere",
       R"(daemon.info 1795394026 {"host":"vm","ident":"web","pid":"27186","message":"carriage return kept inside\rhere"})"},
      {R"(<30>Nov 23 00:33:46 vm web[27186]: {"level":"info","msg":"x: y"})",
       R"(daemon.info 1795394026 {"host":"vm","ident":"web","pid":"27186","message":"{\"level\":\"info\",\"msg\":\"x: y\"}"})"},
      {"<30>Nov 23 00:33:46 vm web[27186]: ",
       R"(daemon.info 1795394026 {"host":"vm","ident":"web","pid":"27186","message":""})"},
      {"<30>Nov 23 00:33:46 vm web[27186]:",
       R"(daemon.info 1795394026 {"host":"vm","ident":"web","pid":"27186","message":""})"},
      {"<30>Nov 23 00:33:46 web[27186]: key: value: more",
       R"(daemon.info 1795394026 {"ident":"web","pid":"27186","message":"key: value: more"})"},
      {R"(<30>Nov 23 00:33:46 vm docker/nginx:latest[1]: 10.0.0.1 - - [23/Nov/2026:00:33:46 +0000] "GET / HTTP/1.1" 200 612)",
       R"(daemon.info 1795394026 {"host":"vm","ident":"docker/nginx:latest","pid":"1","message":"10.0.0.1 - - [23/Nov/2026:00:33:46 +0000] \"GET / HTTP/1.1\" 200 612"})"},
      {"<30>1 2026-11-23T00:33:46Z vm web 27186 web - [not structured data] in the message",
       R"(daemon.info 1795394026 {"host":"vm","ident":"web","pid":"27186","msgid":"web","extradata":"-","message":"[not structured data] in the message"})"},
      {"<30>1 2026-11-23T01:33:46+01:00 vm web 27186 web - a zone that is not UTC",
       R"(daemon.info 1795394026 {"host":"vm","ident":"web","pid":"27186","msgid":"web","extradata":"-","message":"a zone that is not UTC"})"},
  });
}

}  // namespace
