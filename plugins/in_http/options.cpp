#include "options.hpp"

namespace logboom::in_http {

void Options::describe(Describe<Options>& d) {
  using O = Options;
  d.param("port", &O::port, "TCP port to listen on; 0 takes a free one.");
  d.param("bind", &O::bind, "Address to listen on.");
  d.param("body_size_limit", &O::body_size_limit, "The longest body, before and after decompression; beyond it: 413.");
  d.param("keepalive_timeout", &O::keepalive_timeout, "A connection on which nothing comes for so long is closed.");
  d.param("backlog", &O::backlog, "Connections that may wait to be accepted; 0 is the system's largest.")
      .range(0, 65535);
  d.param("add_http_headers", &O::add_http_headers, "Add each header as a field, such as HTTP_USER_AGENT.");
  d.param("add_query_params", &O::add_query_params, "Add each parameter of the query as a field, such as QUERY_KEY.");
  d.param("add_remote_addr", &O::add_remote_addr,
          "Add the client's address as REMOTE_ADDR: the first of X-Forwarded-For, if there is one.");
  d.param("add_tag_prefix", &O::add_tag_prefix, "Put before each tag, with a dot between.");
  d.param("cors_allow_origins", &O::cors_allow_origins,
          "Whose pages may send events, such as https://*.example.com; `*`: all. Requests of others get 403.");
  d.param("cors_allow_credentials", &O::cors_allow_credentials, "Allow those pages to send credentials.");
  d.param("respond_with_empty_img", &O::respond_with_empty_img, "Answer with a transparent GIF of one pixel.");
  d.param("use_204_response", &O::use_204_response, "Answer with 204 instead of 200.");
  d.param("dump_error_log", &O::dump_error_log, "Log requests that are refused, the first in a minute.");
  d.param("blocking_timeout", &O::blocking_timeout, "Known and without effect.");
  d.section("transport", &O::transport, transport_doc);
  d.section("limits", &O::limits, limits_doc);
  d.plugin("parse", &O::parse, PluginKind::parser,
           "What a body is; without this, or with `@type in_http`, its content type says so.");
  d.section("extract", &O::extract, extract_doc);
}

}  // namespace logboom::in_http
