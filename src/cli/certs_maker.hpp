#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/cert_options.hpp"
#include "cli/certs_files.hpp"
#include "cli/certs_report.hpp"
#include "cli/certs_x509.hpp"

namespace logboom {

/// A CA in a directory: `ca.pem`, `ca-key.pem`, and `crl.pem`. Everything that it makes is added to the report.
/// Throws std::runtime_error, with what a person can do.
class CertMaker {
 public:
  /// `what` is the CA's kind, for its name where there is none yet: "logboom".
  CertMaker(const CertOptions& options, std::filesystem::path folder, std::string what, const CertWarn& warn,
            CertReport& report);

  static std::filesystem::path ca_path(const std::filesystem::path& folder) { return folder / "ca.pem"; }
  static std::filesystem::path ca_key_path(const std::filesystem::path& folder) { return folder / "ca-key.pem"; }
  static std::filesystem::path crl_path(const std::filesystem::path& folder) { return folder / "crl.pem"; }

  /// In place of one that is there only with `--force`.
  void make_ca();
  /// Made where there is none.
  const Certificate& ca();
  void copy_ca(const std::filesystem::path& to);

  enum class Again { refuse, keep };
  /// A certificate and its key beside it. With `keep` those that are there stay if they are good for the request.
  void make_leaf(const LeafRequest& request, const std::filesystem::path& path, Again again);
  void make_leaf(const LeafRequest& request, const std::filesystem::path& path, const std::filesystem::path& key_path,
                 Again again);
  LeafRequest server_request(const std::vector<AltName>& names) const;
  LeafRequest client_request(const std::string& name) const;

  /// In place of the list that is there: with this number on it.
  void revoke(const ASN1_INTEGER* serial, const CertReport::File& about);
  /// After the CA's certificate is a new one.
  void renew_crl_for(const Certificate& ca);
  CrlPtr read_crl(const Certificate& ca) const;

 private:
  void load_ca();
  void warn_about_permissions() const;
  bool is_good_for(const LeafRequest& request, const std::filesystem::path& path,
                   const std::filesystem::path& key_path);
  void report_leaf(const char* outcome, const X509* certificate, const std::filesystem::path& path,
                   const std::filesystem::path& key_path);

  const CertOptions& options_;
  std::filesystem::path folder_;
  std::string what_;
  const CertWarn& warn_;
  CertReport& report_;
  std::optional<Certificate> ca_;
};

const char* purpose_text(Purpose purpose);
std::vector<std::string> name_texts(const X509* certificate);

}  // namespace logboom
