#include "cli/certs_maker.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include <logboom/log.hpp>

namespace logboom {

namespace fs = std::filesystem;

namespace {

constexpr const char* certificate_file = "the certificate";
constexpr const char* key_file = "the key";

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

CrlPtr crl_from(const fs::path& path) {
  const BioPtr file(::BIO_new_file(path.c_str(), "r"));
  CrlPtr list(file ? ::PEM_read_bio_X509_CRL(file.get(), nullptr, nullptr, nullptr) : nullptr);
  ::ERR_clear_error();
  return list;
}

bool is_key_of(const X509* certificate, const EVP_PKEY* key) {
  const bool yes = ::X509_check_private_key(certificate, key) == 1;
  ::ERR_clear_error();
  return yes;
}

}  // namespace

const char* purpose_text(Purpose purpose) {
  switch (purpose) {
    case Purpose::ca: return "CA";
    case Purpose::server: return "server";
    case Purpose::client: return "client";
    case Purpose::both: return "server, client";
    case Purpose::other: break;
  }
  return "other";
}

std::vector<std::string> name_texts(const X509* certificate) {
  std::vector<std::string> out;
  for (const AltName& name : alt_names(certificate)) out.push_back(name.text);
  return out;
}

CertMaker::CertMaker(const CertOptions& options, fs::path folder, std::string what, const CertWarn& warn,
                     CertReport& report)
    : options_(options), folder_(std::move(folder)), what_(std::move(what)), warn_(warn), report_(report) {}

void CertMaker::make_ca() {
  const fs::path path = ca_path(folder_);
  const bool replaces = fs::exists(path) || fs::exists(ca_key_path(folder_));
  if (replaces && !options_.force)
    throw std::runtime_error(cat("there is a CA in ", folder_.string(),
                                 "; --force makes a new one, and what the old one has signed is then worth nothing"));
  const Existing existing = options_.force ? Existing::replaced : Existing::kept;
  const bool is_own = options_.action == CertOptions::Action::ca;  // --days and --rsa are the CA's
  Certificate made{nullptr, make_private_key(options_.rsa)};
  const std::string name = options_.ca_name.empty() ? cat(what_, " CA of ", host_name()) : options_.ca_name;
  made.certificate = make_ca_certificate(made.key.get(), name, is_own ? options_.days.value_or(ca_days) : ca_days);
  write_atomically(ca_key_path(folder_), pem_of(made.key.get()), Secrecy::secret, existing);
  write_atomically(path, pem_of(made.certificate.get()), Secrecy::open, existing);
  write_atomically(crl_path(folder_), pem_of(make_crl(made).get()), Secrecy::open, Existing::replaced);
  report_.files.push_back({"made",
                           "CA",
                           path.string(),
                           ca_key_path(folder_).string(),
                           {common_name_of(made.certificate.get())},
                           time_of(::X509_get0_notAfter(made.certificate.get())),
                           serial_text(::X509_get0_serialNumber(made.certificate.get()))});
  if (replaces)
    report_.notes.push_back("the CA before it is gone: make the other certificates anew, and pass ca.pem on");
  ca_ = std::move(made);
}

const Certificate& CertMaker::ca() {
  if (ca_) return *ca_;
  if (!fs::exists(ca_path(folder_)) && !fs::exists(ca_key_path(folder_))) {
    make_ca();
  } else {
    load_ca();
  }
  warn_about_permissions();
  return *ca_;
}

void CertMaker::load_ca() {
  for (const fs::path& path : {ca_path(folder_), ca_key_path(folder_)}) {
    if (!fs::exists(path))
      throw std::runtime_error(cat(path.string(),
                                   " is missing, and nothing can be signed without it; put it back, or "
                                   "begin anew with `logboom certs ca --force`"));
  }
  Certificate ca{read_certificate(ca_path(folder_), certificate_file), read_key(ca_key_path(folder_), "", key_file)};
  if (!is_key_of(ca.certificate.get(), ca.key.get()))
    throw std::runtime_error(cat(ca_key_path(folder_).string(), " is not the key of ", ca_path(folder_).string()));
  if (purpose_of(ca.certificate.get()) != Purpose::ca)
    throw std::runtime_error(cat(ca_path(folder_).string(), " is no CA's certificate"));
  const std::time_t ends = time_of(::X509_get0_notAfter(ca.certificate.get()));
  if (ends <= std::time(nullptr) && options_.action != CertOptions::Action::renew)
    throw std::runtime_error(cat("the CA ", ca_path(folder_).string(), " has expired on ", day_text(ends),
                                 "; `logboom certs renew ca` gives it new dates"));
  ca_ = std::move(ca);
}

void CertMaker::warn_about_permissions() const {
  const fs::path key = ca_key_path(folder_);
  if (is_too_open(key))
    warn_(cat(key.string(), " can be read by others (mode ", mode_text(key),
              "), who can make certificates with it: chmod 600 ", key.string()));
}

void CertMaker::copy_ca(const fs::path& to) {
  write_atomically(to, pem_of(ca().certificate.get()), Secrecy::open, Existing::replaced);
}

LeafRequest CertMaker::server_request(const std::vector<AltName>& names) const {
  return {Purpose::server, names.front().text, names, options_.days.value_or(longest_leaf_days)};
}

LeafRequest CertMaker::client_request(const std::string& name) const {
  return {Purpose::client, name, client_alt_names(name), options_.days.value_or(longest_leaf_days)};
}

void CertMaker::make_leaf(const LeafRequest& request, const fs::path& path, Again again) {
  make_leaf(request, path, key_path_of(path), again);
}

void CertMaker::make_leaf(const LeafRequest& request, const fs::path& path, const fs::path& key_path, Again again) {
  const Certificate& signer = ca();
  const bool there = fs::exists(path) || fs::exists(key_path);
  if (there && !options_.force) {
    if (again == Again::keep && is_good_for(request, path, key_path)) {
      report_leaf("kept", read_certificate(path, certificate_file).get(), path, key_path);
      return;
    }
    throw std::runtime_error(cat(fs::exists(path) ? path.string() : key_path.string(), " is there already",
                                 again == Again::keep ? ", and is not good for this" : "",
                                 "; --force makes a new one in its place, `logboom certs renew` one with new dates"));
  }
  const Existing existing = options_.force ? Existing::replaced : Existing::kept;
  const KeyPtr key = make_private_key(options_.rsa);
  const X509Ptr certificate = make_leaf_certificate(request, key.get(), signer);
  write_atomically(key_path, pem_of(key.get()), Secrecy::secret, existing);
  write_atomically(path, pem_of(certificate.get()), Secrecy::open, existing);
  report_leaf("made", certificate.get(), path, key_path);
}

bool CertMaker::is_good_for(const LeafRequest& request, const fs::path& path, const fs::path& key_path) {
  if (!fs::exists(path) || !fs::exists(key_path)) return false;
  const X509Ptr certificate = read_certificate(path, certificate_file);
  const X509* const one = certificate.get();
  const CrlPtr list = crl_from(crl_path(folder_));
  if (purpose_of(one) != request.purpose || !is_signed_by(one, ca().certificate.get()) ||
      !is_key_of(one, read_key(key_path, "", key_file).get()) ||
      time_of(::X509_get0_notAfter(one)) <= std::time(nullptr) ||
      (list && is_revoked(list.get(), ::X509_get0_serialNumber(one))))
    return false;
  const std::vector<AltName> have = alt_names(one);
  return std::all_of(request.names.begin(), request.names.end(),
                     [&have](const AltName& wanted) { return covers(have, wanted); });
}

void CertMaker::report_leaf(const char* outcome, const X509* certificate, const fs::path& path,
                            const fs::path& key_path) {
  std::vector<std::string> names = name_texts(certificate);
  if (names.empty()) names.push_back(common_name_of(certificate));
  report_.files.push_back({outcome, purpose_text(purpose_of(certificate)), path.string(), key_path.string(), names,
                           time_of(::X509_get0_notAfter(certificate)),
                           serial_text(::X509_get0_serialNumber(certificate))});
}

CrlPtr CertMaker::read_crl(const Certificate& ca) const {
  const fs::path path = crl_path(folder_);
  if (!fs::exists(path)) return make_crl(ca);
  CrlPtr list = crl_from(path);
  if (!list || ::X509_CRL_verify(list.get(), ca.key.get()) != 1) {
    ::ERR_clear_error();
    throw std::runtime_error(
        cat(path.string(), " is no list of revoked certificates that ", ca_path(folder_).string(), " has signed"));
  }
  return list;
}

void CertMaker::revoke(const ASN1_INTEGER* serial, const CertReport::File& about) {
  const CrlPtr old = read_crl(ca());
  CertReport::File line = about;
  line.outcome = is_revoked(old.get(), serial) ? "revoked before" : "revoked";
  const CrlPtr list = renew_crl(old.get(), serial, ca());
  write_atomically(crl_path(folder_), pem_of(list.get()), Secrecy::open, Existing::replaced);
  report_.files.push_back(std::move(line));
}

void CertMaker::renew_crl_for(const Certificate& ca) {
  const CrlPtr list = renew_crl(read_crl(ca).get(), nullptr, ca);
  write_atomically(crl_path(folder_), pem_of(list.get()), Secrecy::open, Existing::replaced);
}

}  // namespace logboom
