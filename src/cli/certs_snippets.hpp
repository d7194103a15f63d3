#pragma once

#include <cstdint>
#include <string>

/// Lines to paste, in the words of the program that reads them.
namespace logboom {

struct CertSnippetFiles {
  std::string ca;
  std::string certificate;
  std::string key;
  std::string crl;  // empty: none
};

/// dockerd's `daemon.json`: it listens with TLS, and only knows clients with a certificate.
std::string docker_daemon_json(const std::string& listen, const CertSnippetFiles& files);
/// What the shell of a Docker client needs.
std::string docker_client_environment(const std::string& host, const std::string& folder);
/// dockerd's `daemon.json`: the syslog driver for all containers.
std::string syslog_driver_json(const std::string& host, const CertSnippetFiles& files);
/// `<source>` of this type with `<transport tls>`, for clients with a certificate.
std::string logboom_source(const std::string& type, const std::string& tag, std::uint16_t port,
                           const CertSnippetFiles& files);
/// `<match>` of a node, for logboom or Fluentd.
std::string forward_match(const std::string& host, std::uint16_t port, const CertSnippetFiles& files);

/// "a.example:2376", "[::1]:2376".
std::string host_and_port(const std::string& host, std::uint16_t port);
/// A word of a configuration, in quotes where it needs them; the same for a shell.
std::string conf_word(const std::string& text);
std::string shell_word(const std::string& text);

}  // namespace logboom
