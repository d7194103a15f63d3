#pragma once

#include <filesystem>

#include "cli/cert_options.hpp"
#include "cli/certs_files.hpp"
#include "cli/certs_report.hpp"

namespace logboom {

/// New dates for the certificates that are named, or for those of the folder that expire soon. A CA that is renewed
/// keeps its key, and its copies in the folder become the new ones. Throws CliError, std::runtime_error.
void renew_certificates(const CertOptions& options, const std::filesystem::path& folder, const CertWarn& warn,
                        CertReport& report);
/// Puts certificates on their CA's list. Throws CliError, std::runtime_error.
void revoke_certificates(const CertOptions& options, const std::filesystem::path& folder, const CertWarn& warn,
                         CertReport& report);

/// A path; or `ca`, or a name that a command made files for in this folder. Throws CliError where there is none, or
/// more than one.
std::filesystem::path find_certificate(const std::filesystem::path& folder, const std::string& name);

}  // namespace logboom
