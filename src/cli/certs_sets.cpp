#include "cli/certs_sets.hpp"

#include <algorithm>

#include <logboom/log.hpp>

#include "cli/certs_maker.hpp"
#include "cli/certs_names.hpp"
#include "cli/certs_snippets.hpp"
#include "cli/options.hpp"

namespace logboom {

namespace fs = std::filesystem;

namespace {

constexpr std::uint16_t docker_port = 2376;
constexpr std::uint16_t syslog_tls_port = 6514;
constexpr std::uint16_t forward_port = 24224;

bool is_loopback(const AltName& name) {
  return name.text == "localhost" || name.text == "::1" ||
         (name.kind == AltName::Kind::address && name.text.starts_with("127."));
}

/// The lines name the first of the server's names as the one to connect to.
std::vector<AltName> names_to_connect_to(const CertOptions& options) {
  std::vector<AltName> names = server_names(options.names);
  if (names.front().text.starts_with("*."))
    throw CliError(cat("'", names.front().text,
                       "': the first name is the one that clients connect to, so it can't be a "
                       "wildcard; put another one before it"));
  return names;
}

std::uint16_t port_of(const CertOptions& options, std::uint16_t usual) {
  return options.port == 0 ? usual : options.port;
}

fs::path place_of(const CertOptions& options, const fs::path& made) {
  return options.place.empty() ? made : fs::path(options.place);
}

CertSnippetFiles files_in(const fs::path& folder) {
  return {folder / "ca.pem", folder / "cert.pem", folder / "key.pem", ""};
}

/// What a client gets: its certificate, its key, and the CA that it trusts.
void make_client_folder(CertMaker& maker, const std::string& client, const fs::path& folder) {
  maker.make_leaf(maker.client_request(client), folder / "cert.pem", CertMaker::Again::keep);
  maker.copy_ca(folder / "ca.pem");
}

/// A server of logboom's, and a client that gets a folder of its own. Returns the server's files.
CertSnippetFiles make_pair(CertMaker& maker, const std::vector<AltName>& names, const std::string& client,
                           const fs::path& folder, const fs::path& client_folder) {
  const fs::path path = folder / "servers" / (file_stem(names.front().text) + ".pem");
  maker.make_leaf(maker.server_request(names), path, CertMaker::Again::keep);
  make_client_folder(maker, client, client_folder);
  return {CertMaker::ca_path(folder), path, key_path_of(path), CertMaker::crl_path(folder)};
}

void note_place(const CertOptions& options, const fs::path& made, const char* whose, CertReport& report) {
  if (!options.place.empty())
    report.notes.push_back(cat("copy the files of ", made.string(), " to ", options.place, " on ", whose));
}

}  // namespace

void make_docker_daemon_set(const CertOptions& options, const fs::path& folder, const CertWarn& warn,
                            CertReport& report) {
  const std::vector<AltName> names = names_to_connect_to(options);
  const std::string client = client_name(options.client);
  const fs::path home = folder / docker_daemon_folder;
  const LockedFolder lock(folder);
  const LockedFolder lock_of_daemon(home);
  CertMaker maker(options, home, "Docker daemon", warn, report);
  const fs::path server = home / ("server-" + file_stem(names.front().text));
  maker.make_leaf(maker.server_request(names), server / "server-cert.pem", CertMaker::Again::keep);
  maker.copy_ca(server / "ca.pem");
  make_client_folder(maker, client, home / ("client-" + client));
  const fs::path place = place_of(options, server);
  const std::uint16_t port = port_of(options, docker_port);
  const bool local = std::all_of(names.begin(), names.end(), is_loopback);
  report.snippets.push_back(
      {"daemon.json", "In /etc/docker/daemon.json of " + names.front().text,
       docker_daemon_json(host_and_port(local ? "127.0.0.1" : "0.0.0.0", port),
                          {place / "ca.pem", place / "server-cert.pem", place / "server-key.pem", ""})});
  report.snippets.push_back(
      {"environment", "In the shell of a client",
       docker_client_environment(host_and_port(names.front().text, port), home / ("client-" + client))});
  note_place(options, server, names.front().text.c_str(), report);
  report.notes.push_back(
      "where systemd starts dockerd with -H, dockerd refuses \"hosts\": `systemctl edit docker`, and put [Service], "
      "ExecStart= and the same ExecStart line without -H there");
  report.notes.push_back(cat("whoever has ", (home / ("client-" + client) / "key.pem").string(),
                             " is root on that host. dockerd reads no list of revoked certificates"));
}

void make_syslog_driver_set(const CertOptions& options, const fs::path& folder, const CertWarn& warn,
                            CertReport& report) {
  const std::vector<AltName> names = names_to_connect_to(options);
  const std::string client = client_name(options.client);
  const LockedFolder lock(folder);
  CertMaker maker(options, folder, "logboom", warn, report);
  const fs::path mine = folder / syslog_driver_folder / client;
  const CertSnippetFiles server = make_pair(maker, names, client, folder, mine);
  const std::uint16_t port = port_of(options, syslog_tls_port);
  report.snippets.push_back(
      {"daemon.json", "In /etc/docker/daemon.json of the host whose containers' logs are sent",
       syslog_driver_json(host_and_port(names.front().text, port), files_in(place_of(options, mine)))});
  report.snippets.push_back(
      {"logboom", "In logboom's configuration", logboom_source("syslog", "docker", port, server)});
  note_place(options, mine, "Docker's host", report);
}

void make_forward_set(const CertOptions& options, const fs::path& folder, const CertWarn& warn, CertReport& report) {
  const std::vector<AltName> names = names_to_connect_to(options);
  const std::string client = client_name(options.client);
  const LockedFolder lock(folder);
  CertMaker maker(options, folder, "logboom", warn, report);
  const fs::path mine = folder / forward_folder / client;
  const CertSnippetFiles server = make_pair(maker, names, client, folder, mine);
  const std::uint16_t port = port_of(options, forward_port);
  report.snippets.push_back({"node", "In the configuration of the node (Fluentd's parameters)",
                             forward_match(names.front().text, port, files_in(place_of(options, mine)))});
  report.snippets.push_back(
      {"logboom", "In the central logboom's configuration", logboom_source("forward", "", port, server)});
  note_place(options, mine, "the node", report);
}

}  // namespace logboom
