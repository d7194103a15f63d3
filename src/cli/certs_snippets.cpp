#include "cli/certs_snippets.hpp"

#include <algorithm>
#include <string_view>

#include <logboom/log.hpp>
#include <nlohmann/json.hpp>

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

bool is_plain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return word || std::string_view("/._-+=:@,").find(c) != std::string_view::npos;
  });
}

/// In single quotes, with a backslash before each special character.
std::string quoted(const std::string& text, std::string_view special) {
  std::string out = "'";
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

std::string conf_word(const std::string& text) { return is_plain(text) ? text : quoted(text, "'\\"); }

std::string shell_word(const std::string& text) {
  if (is_plain(text)) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string host_and_port(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? cat(host, ":", port) : cat("[", host, "]:", port);
}

std::string docker_daemon_json(const std::string& listen, const CertSnippetFiles& files) {
  return text_of({{"hosts", {"unix:///var/run/docker.sock", "tcp://" + listen}},
                  {"tlsverify", true},
                  {"tlscacert", files.ca},
                  {"tlscert", files.certificate},
                  {"tlskey", files.key}});
}

std::string docker_client_environment(const std::string& host, const std::string& folder) {
  return cat("export DOCKER_HOST=", shell_word("tcp://" + host),
             "\nexport DOCKER_TLS_VERIFY=1\nexport DOCKER_CERT_PATH=", shell_word(folder), "\n");
}

std::string syslog_driver_json(const std::string& host, const CertSnippetFiles& files) {
  return text_of({{"log-driver", "syslog"},
                  {"log-opts",
                   {{"syslog-address", "tcp+tls://" + host},
                    {"syslog-format", "rfc5424micro"},
                    {"syslog-tls-ca-cert", files.ca},
                    {"syslog-tls-cert", files.certificate},
                    {"syslog-tls-key", files.key}}}});
}

std::string logboom_source(const std::string& type, const std::string& tag, std::uint16_t port,
                           const CertSnippetFiles& files) {
  return cat("<source>\n  @type ", type, "\n", tag.empty() ? "" : cat("  tag ", tag, "\n"), "  port ", port,
             "\n  <transport tls>\n    cert_path ", conf_word(files.certificate), "\n    private_key_path ",
             conf_word(files.key), "\n    client_cert_auth true\n    ca_path ", conf_word(files.ca), "\n    crl_path ",
             conf_word(files.crl), "\n  </transport>\n</source>\n");
}

std::string forward_match(const std::string& host, std::uint16_t port, const CertSnippetFiles& files) {
  return cat("<match **>\n  @type forward\n  transport tls\n  tls_cert_path ", conf_word(files.ca),
             "\n  tls_client_cert_path ", conf_word(files.certificate), "\n  tls_client_private_key_path ",
             conf_word(files.key), "\n  require_ack_response true\n  <server>\n    host ", conf_word(host),
             "\n    port ", port, "\n  </server>\n</match>\n");
}

}  // namespace logboom
