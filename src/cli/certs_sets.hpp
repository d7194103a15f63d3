#pragma once

#include <filesystem>

#include "cli/cert_options.hpp"
#include "cli/certs_files.hpp"
#include "cli/certs_report.hpp"

/// Files that belong together, made with one command, and the lines to paste. In `folder`, where a CA is made if there
/// is none. Throws CliError, std::runtime_error.
namespace logboom {

/// The daemon's CA is one of its own: dockerd lets in whoever has a certificate of it, and that is root on its host.
void make_docker_daemon_set(const CertOptions& options, const std::filesystem::path& folder, const CertWarn& warn,
                            CertReport& report);
void make_syslog_driver_set(const CertOptions& options, const std::filesystem::path& folder, const CertWarn& warn,
                            CertReport& report);
void make_forward_set(const CertOptions& options, const std::filesystem::path& folder, const CertWarn& warn,
                      CertReport& report);

inline constexpr const char* docker_daemon_folder = "docker-daemon";
inline constexpr const char* syslog_driver_folder = "syslog-driver";
inline constexpr const char* forward_folder = "forward";

}  // namespace logboom
