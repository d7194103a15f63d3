#include "cli/certs_renew.hpp"

#include <openssl/bn.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <logboom/log.hpp>

#include "cli/certs_maker.hpp"
#include "cli/certs_read.hpp"
#include "cli/certs_sets.hpp"
#include "cli/options.hpp"

namespace logboom {

namespace fs = std::filesystem;

namespace {

constexpr std::time_t day = 86400;
constexpr const char* the_certificate = "the certificate";

/// The folder of the CA that has signed it: the certificate's own, or one above it.
fs::path home_of(const fs::path& path, const X509* certificate) {
  fs::path at = fs::absolute(path).lexically_normal().parent_path();
  for (int up = 0; up < 4; ++up, at = at.parent_path()) {
    const fs::path ca = CertMaker::ca_path(at);
    if (!fs::exists(ca) || !fs::exists(CertMaker::ca_key_path(at))) continue;
    if (is_signed_by(certificate, read_certificate(ca, the_certificate).get())) return at;
  }
  throw std::runtime_error(
      cat(path.string(), ": the CA that has signed it is not in this folder, nor above it; only its CA can do that"));
}

CertReport::File file_of(const char* outcome, const X509* certificate, const fs::path& path) {
  std::vector<std::string> names = name_texts(certificate);
  if (names.empty()) names.push_back(common_name_of(certificate));
  return {outcome,
          purpose_text(purpose_of(certificate)),
          path.string(),
          "",
          names,
          time_of(::X509_get0_notAfter(certificate)),
          serial_text(::X509_get0_serialNumber(certificate))};
}

/// The file's text with the new certificate; none where the old one is not in it.
std::optional<std::string> text_with(const fs::path& file, const X509* old, const X509* made) {
  const std::string before = read_file(file);
  std::string after = with_certificate(before, old, made);
  if (after == before) return std::nullopt;
  if (fs::file_size(file) != before.size())
    throw std::runtime_error(cat(file.string(), " is too large, or somebody else writes to it"));
  return after;
}

std::string renewed_text(const fs::path& file, const X509* old, const X509* made) {
  if (std::optional<std::string> text = text_with(file, old, made)) return *std::move(text);
  throw std::runtime_error(cat(file.string(), ": the certificate is not in it any more, and was not renewed"));
}

void renew_ca(const CertOptions& options, const fs::path& home, CertMaker& maker, CertReport& report) {
  if (options.new_key)
    throw CliError(
        "a CA that is renewed keeps its key, or what it has signed would be worth nothing; "
        "`logboom certs ca --force` begins anew");
  const Certificate& ca = maker.ca();
  const int days = options.days.value_or(ca_days);
  Certificate made{renew_certificate(ca.certificate.get(), ca.key.get(), ca, days), nullptr};
  ::EVP_PKEY_up_ref(ca.key.get());
  made.key.reset(ca.key.get());
  const std::string text = renewed_text(CertMaker::ca_path(home), ca.certificate.get(), made.certificate.get());
  maker.renew_crl_for(made);
  rewrite_file(CertMaker::ca_path(home), text);
  for (const fs::path& file : pem_files(home)) {
    if (const auto copy = text_with(file, ca.certificate.get(), made.certificate.get())) rewrite_file(file, *copy);
  }
  report.files.push_back(file_of("renewed", made.certificate.get(), CertMaker::ca_path(home)));
  report.notes.push_back("pass the new ca.pem on to where copies of it are");
}

/// A certificate, and the file that it is in, maybe with others and keys.
struct Found {
  fs::path path;
  X509Ptr certificate;
};

bool holds_key(const fs::path& path) {
  CertStore store;
  store.read(path);
  return std::any_of(store.entries.begin(), store.entries.end(),
                     [](const CertStore::Entry& entry) { return entry.key || entry.locked_key; });
}

void renew_one(const CertOptions& options, const Found& found, const CertWarn& warn, CertReport& report) {
  const auto& [path, old] = found;
  const fs::path home = home_of(path, old.get());
  const LockedFolder lock(home);
  CertMaker maker(options, home, "logboom", warn, report);
  const Certificate& ca = maker.ca();
  if (::X509_cmp(old.get(), ca.certificate.get()) == 0) return renew_ca(options, home, maker, report);
  if (options.days.value_or(1) > longest_leaf_days)
    throw CliError(cat("--days: ", longest_leaf_days, " at most, but for a CA"));
  if (is_revoked(maker.read_crl(ca).get(), ::X509_get0_serialNumber(old.get())))
    throw std::runtime_error(cat(path.string(), " is revoked; make a new one instead"));
  if (options.new_key && holds_key(path))
    throw CliError(
        cat("--new-key: ", path.string(), " holds its key itself; only files with the key beside get another"));
  KeyPtr key;
  EVP_PKEY* const before = ::X509_get0_pubkey(old.get());
  if (options.new_key) key = make_private_key(::EVP_PKEY_is_a(before, "RSA") == 1);
  const X509Ptr made =
      renew_certificate(old.get(), key ? key.get() : before, ca, options.days.value_or(longest_leaf_days));
  const std::string text = renewed_text(path, old.get(), made.get());
  if (key) write_atomically(key_path_of(path), pem_of(key.get()), Secrecy::secret, Existing::replaced);
  rewrite_file(path, text);
  report.files.push_back(file_of("renewed", made.get(), path));
  if (key) report.files.back().key = key_path_of(path).string();
}

void add_once(std::vector<Found>& all, const CertStore::Entry& entry) {
  X509* const certificate = entry.certificate.get();
  for (const Found& each : all) {
    if (each.path == entry.file && ::X509_cmp(each.certificate.get(), certificate) == 0) return;
  }
  ::X509_up_ref(certificate);
  all.push_back({entry.file, X509Ptr(certificate)});
}

/// Certificates of servers and clients whose end is near, and which this folder's CAs can renew.
std::vector<Found> due_certificates(const fs::path& folder, int soon) {
  if (!fs::is_directory(folder))
    throw std::runtime_error(cat("there are no certificates: no directory ", folder.string(), "; --dir names another"));
  CertStore store;
  for (const fs::path& file : pem_files(folder)) store.read(file);
  std::vector<Found> due;
  for (const CertStore::Entry& entry : store.entries) {
    if (!entry.certificate || purpose_of(entry.certificate.get()) == Purpose::ca) continue;
    const CertStore::Entry* const issuer = store.issuer_of(entry);
    if (issuer == nullptr || store.key_of(issuer->certificate.get()) == nullptr) continue;
    const std::time_t left = time_of(::X509_get0_notAfter(entry.certificate.get())) - std::time(nullptr);
    if (left < soon * day && !store.revoked(entry.certificate.get())) add_once(due, entry);
  }
  return due;
}

struct IntegerFree {
  void operator()(ASN1_INTEGER* one) const noexcept { ::ASN1_INTEGER_free(one); }
};
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, IntegerFree>;

IntegerPtr serial_of(const std::string& text) {
  std::string digits = text;
  std::erase(digits, ':');
  if (digits.starts_with("0x")) digits.erase(0, 2);
  BIGNUM* number = nullptr;
  const bool whole = !digits.empty() && digits.size() <= 40 && ::BN_hex2bn(&number, digits.c_str()) > 0 &&
                     std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
  IntegerPtr serial(whole ? ::BN_to_ASN1_INTEGER(number, nullptr) : nullptr);
  ::BN_free(number);
  if (!serial)
    throw CliError(
        cat("--serial: expected hexadecimal digits, as `logboom certs show --json` has them, but found '", text, "'"));
  return serial;
}

void revoke_one(const CertOptions& options, const fs::path& path, const CertWarn& warn, CertReport& report) {
  const X509Ptr certificate = read_certificate(path, the_certificate);
  if (purpose_of(certificate.get()) == Purpose::ca)
    throw CliError(
        cat(path.string(), " is a CA's; a CA can't revoke itself: take its certificate out of every ca_path"));
  const fs::path home = home_of(path, certificate.get());
  const LockedFolder lock(home);
  CertMaker maker(options, home, "logboom", warn, report);
  maker.revoke(::X509_get0_serialNumber(certificate.get()), file_of("revoked", certificate.get(), path));
  const std::string list = CertMaker::crl_path(home).string();
  const bool of_docker = home.filename() == docker_daemon_folder;
  report.notes.push_back(
      of_docker
          ? cat("dockerd reads no list of revoked certificates: to lock this client out, begin anew with `logboom "
                "certs ca --force --dir ",
                home.string(), "`")
          : cat(list, " is for crl_path; logboom reads it anew within seconds, for new connections"));
}

}  // namespace

fs::path find_certificate(const fs::path& folder, const std::string& name) {
  if (std::error_code none; fs::is_regular_file(name, none)) return name;
  if (name == "ca") return CertMaker::ca_path(folder);
  std::vector<fs::path> found;
  const std::string stem = file_stem(name);
  const fs::path docker = folder / docker_daemon_folder;
  for (const fs::path& path :
       {folder / "servers" / (stem + ".pem"), folder / "clients" / (stem + ".pem"),
        docker / ("server-" + stem) / "server-cert.pem", docker / ("client-" + stem) / "cert.pem",
        folder / syslog_driver_folder / stem / "cert.pem", folder / forward_folder / stem / "cert.pem"}) {
    if (std::error_code none; fs::is_regular_file(path, none)) found.push_back(path);
  }
  if (found.empty())
    throw CliError(cat("'", name, "' is neither a file nor a name with a certificate in ", folder.string()));
  if (found.size() == 1) return found.front();
  std::string all;
  for (const fs::path& path : found) all.append("\n  ").append(path.string());
  throw CliError(cat("'", name, "' is the name of several certificates; say which file:", all));
}

void renew_certificates(const CertOptions& options, const fs::path& folder, const CertWarn& warn, CertReport& report) {
  std::vector<fs::path> paths;
  for (const std::string& name : options.names) paths.push_back(find_certificate(folder, name));
  for (const fs::path& path : paths) renew_one(options, {path, read_certificate(path, the_certificate)}, warn, report);
  if (!options.names.empty()) return;
  const std::vector<Found> due = due_certificates(folder, options.soon);
  for (const Found& each : due) renew_one(options, each, warn, report);
  if (due.empty()) report.notes.push_back(cat("nothing expires within ", options.soon, " days"));
}

void revoke_certificates(const CertOptions& options, const fs::path& folder, const CertWarn& warn, CertReport& report) {
  if (options.names.empty() && options.serials.empty()) throw CliError("revoke: which certificate?");
  std::vector<fs::path> paths;
  for (const std::string& name : options.names) paths.push_back(find_certificate(folder, name));
  for (const fs::path& path : paths) revoke_one(options, path, warn, report);
  if (options.serials.empty()) return;
  const LockedFolder lock(folder);
  CertMaker maker(options, folder, "logboom", warn, report);
  for (const std::string& text : options.serials) {
    const IntegerPtr serial = serial_of(text);
    const CertReport::File about{"", "number", serial_text(serial.get()),
                                 "", {},       time_of(::X509_get0_notAfter(maker.ca().certificate.get())),
                                 ""};
    maker.revoke(serial.get(), about);
  }
}

}  // namespace logboom
