#include "cli/certs.hpp"

#include <sys/stat.h>

#include <ostream>

#include <logboom/log.hpp>

#include "cli/certs_maker.hpp"
#include "cli/certs_names.hpp"
#include "cli/certs_renew.hpp"
#include "cli/certs_report.hpp"
#include "cli/certs_sets.hpp"
#include "cli/certs_show.hpp"

namespace logboom {

namespace fs = std::filesystem;

namespace {

constexpr mode_t writable_by_all = 002;

/// What is made here has its mode whatever the umask is; other files of the same shell don't.
void warn_about_umask(const CertWarn& warn) {
  const mode_t mask = ::umask(077);
  ::umask(mask);
  if ((mask & writable_by_all) == 0)
    warn(
        "the umask lets everybody write to what this process makes, so that a certificate could be exchanged; "
        "certificates are made unwritable for others, but set it to 022 or 077");
}

void make_server(const CertOptions& options, const fs::path& folder, const CertWarn& warn, CertReport& report) {
  const std::vector<AltName> names = server_names(options.names);
  const std::string stem = options.file_name.empty() ? file_stem(names.front().text) : client_name(options.file_name);
  const LockedFolder lock(folder);
  CertMaker maker(options, folder, "logboom", warn, report);
  maker.make_leaf(maker.server_request(names), folder / "servers" / (stem + ".pem"), CertMaker::Again::refuse);
}

void make_clients(const CertOptions& options, const fs::path& folder, const CertWarn& warn, CertReport& report) {
  for (const std::string& name : options.names) client_name(name);
  const LockedFolder lock(folder);
  CertMaker maker(options, folder, "logboom", warn, report);
  for (const std::string& name : options.names)
    maker.make_leaf(maker.client_request(name), folder / "clients" / (name + ".pem"), CertMaker::Again::refuse);
}

void make_ca(const CertOptions& options, const fs::path& folder, const CertWarn& warn, CertReport& report) {
  const LockedFolder lock(folder);
  const bool of_docker = folder.filename() == docker_daemon_folder;
  CertMaker(options, folder, of_docker ? "Docker daemon" : "logboom", warn, report).make_ca();
}

}  // namespace

fs::path certs_folder_of(const CliOptions& options) {
  if (!options.certs.folder.empty()) return fs::absolute(options.certs.folder).lexically_normal();
  std::error_code none;
  if (!fs::exists(options.config_path, none)) return "/etc/logboom/certs";
  return fs::absolute(options.config_path).lexically_normal().parent_path() / "certs";
}

int certs_command(const CliOptions& options, std::ostream& out, std::ostream& errors) {
  using Action = CertOptions::Action;
  const CertOptions& certs = options.certs;
  fs::path folder = certs_folder_of(options);
  if (!folder.has_filename()) folder = folder.parent_path();
  const CertWarn warn = [&errors](const std::string& what) { errors << "logboom: warning: " << what << "\n"; };
  if (certs.action == Action::show) return show_certificates(certs, folder, options.json, out, errors);
  warn_about_umask(warn);
  CertReport report;
  switch (certs.action) {
    case Action::ca: make_ca(certs, folder, warn, report); break;
    case Action::server: make_server(certs, folder, warn, report); break;
    case Action::client: make_clients(certs, folder, warn, report); break;
    case Action::docker_daemon: make_docker_daemon_set(certs, folder, warn, report); break;
    case Action::syslog_driver: make_syslog_driver_set(certs, folder, warn, report); break;
    case Action::forward: make_forward_set(certs, folder, warn, report); break;
    case Action::renew: renew_certificates(certs, folder, warn, report); break;
    case Action::revoke: revoke_certificates(certs, folder, warn, report); break;
    case Action::show: break;
  }
  print(report, options.json, out);
  return 0;
}

}  // namespace logboom
