#pragma once

#include <filesystem>
#include <iosfwd>

#include "cli/cert_options.hpp"

namespace logboom {

/// `logboom certs show`. Returns the exit status: 1 where something has expired, is not valid yet, or expires within
/// `soon` days; 2 where a file can't be read or holds nothing to show.
int show_certificates(const CertOptions& options, const std::filesystem::path& folder, bool json, std::ostream& out,
                      std::ostream& errors);

}  // namespace logboom
