#include "cli/certs_show.hpp"

#include <unistd.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <stdexcept>

#include <logboom/log.hpp>
#include <nlohmann/json.hpp>

#include "cli/certs_files.hpp"
#include "cli/certs_maker.hpp"
#include "cli/certs_read.hpp"
#include "cli/certs_report.hpp"
#include "cli/table.hpp"

namespace logboom {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::time_t hour = 3600;
constexpr std::time_t day = 24 * hour;

enum class State { fine, soon, expired, not_yet_valid, revoked };

const char* state_text(State state) {
  switch (state) {
    case State::fine: return "fine";
    case State::soon: return "soon";
    case State::expired: return "expired";
    case State::not_yet_valid: return "not yet valid";
    case State::revoked: break;
  }
  return "revoked";
}

struct Row {
  std::string file;
  std::string kind;
  std::string subject;
  std::vector<std::string> names;
  std::time_t begins = 0;
  std::time_t ends = 0;
  std::string issuer;       // its name
  std::string issuer_file;  // empty: not among these files
  std::string key_file;
  std::string serial;
  State state = State::fine;
  std::size_t revoked = 0;  // a list: how many are on it
};

std::string text_of(const X509_NAME* name) {
  const BioPtr memory(::BIO_new(::BIO_s_mem()));
  if (!memory || ::X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return "?";
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

State state_of(const Row& row, std::time_t now, int soon) {
  if (row.ends <= now) return State::expired;
  if (row.begins > now) return State::not_yet_valid;
  return row.ends - now < soon * day ? State::soon : State::fine;
}

std::string span_text(std::time_t seconds) {
  const auto text = [](std::time_t count, const char* unit) { return cat(count, " ", unit, count == 1 ? "" : "s"); };
  if (seconds >= 2 * day) return text(seconds / day, "day");
  return seconds >= 2 * hour ? text(seconds / hour, "hour") : text(seconds / 60, "minute");
}

std::string ending_text(const Row& row, std::time_t now) {
  switch (row.state) {
    case State::revoked: return "revoked";
    case State::not_yet_valid: return "not valid for another " + span_text(row.begins - now);
    case State::expired: return "EXPIRED " + span_text(now - row.ends) + " ago";
    case State::soon: return span_text(row.ends - now) + " (soon)";
    case State::fine: break;
  }
  return span_text(row.ends - now);
}

Row row_of(const X509* certificate, const CertStore& store) {
  Row row;
  row.kind = purpose_text(purpose_of(certificate));
  row.subject = text_of(::X509_get_subject_name(certificate));
  row.issuer = text_of(::X509_get_issuer_name(certificate));
  row.names = name_texts(certificate);
  row.begins = time_of(::X509_get0_notBefore(certificate));
  row.ends = time_of(::X509_get0_notAfter(certificate));
  row.serial = serial_text(::X509_get0_serialNumber(certificate));
  if (const CertStore::Entry* const key = store.key_of(certificate)) row.key_file = key->file.string();
  return row;
}

Row row_of(const X509_CRL* list) {
  Row row;
  row.kind = "CRL";
  row.issuer = text_of(::X509_CRL_get_issuer(list));
  row.begins = time_of(::X509_CRL_get0_lastUpdate(list));
  const ASN1_TIME* const next = ::X509_CRL_get0_nextUpdate(list);
  constexpr std::time_t never = 253402300799;  // the year 9999
  row.ends = next == nullptr ? never : time_of(next);
  const STACK_OF(X509_REVOKED)* const entries = ::X509_CRL_get_REVOKED(const_cast<X509_CRL*>(list));
  row.revoked = entries == nullptr ? 0 : static_cast<std::size_t>(sk_X509_REVOKED_num(entries));
  row.subject = cat(row.revoked, row.revoked == 1 ? " certificate" : " certificates");
  return row;
}

std::vector<Row> rows_of(const CertStore& store, std::size_t shown, int soon, std::time_t now) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < shown; ++i) {
    const CertStore::Entry& entry = store.entries[i];
    if (!entry.certificate && !entry.list) continue;
    Row row = entry.certificate ? row_of(entry.certificate.get(), store) : row_of(entry.list.get());
    row.file = entry.file.string();
    row.state = state_of(row, now, soon);
    if (entry.certificate && store.revoked(entry.certificate.get())) row.state = State::revoked;
    if (const CertStore::Entry* const issuer = store.issuer_of(entry)) row.issuer_file = issuer->file.string();
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string short_path(const std::string& path, const fs::path& folder) {
  const std::string start = folder.string() + "/";
  return path.starts_with(start) ? path.substr(start.size()) : path;
}

void print_table(const std::vector<Row>& rows, const fs::path& folder, std::time_t now, std::ostream& out) {
  std::vector<std::vector<std::string>> cells{{"file", "kind", "subject", "names", "expires in", "signed by", "key"}};
  for (const Row& row : rows) {
    std::string names;
    for (const std::string& name : row.names) names.append(names.empty() ? "" : ", ").append(name);
    const bool by_itself = row.kind == "CA" && row.issuer == row.subject && !row.issuer_file.empty();
    const std::string signer = by_itself                 ? "itself"
                               : row.issuer_file.empty() ? "unknown: " + row.issuer
                                                         : short_path(row.issuer_file, folder);
    cells.push_back({short_path(row.file, folder), row.kind, row.subject, names, ending_text(row, now), signer,
                     short_path(row.key_file, folder)});
  }
  write_table(cells, cells.front().size(), out);
}

void print_json(const std::vector<Row>& rows, std::time_t now, std::ostream& out) {
  Json all = Json::array();
  for (const Row& row : rows) {
    Json one{{"file", row.file},
             {"kind", row.kind},
             {"subject", row.subject},
             {"names", row.names},
             {"state", state_text(row.state)},
             {"not_before", moment_text(row.begins)},
             {"not_after", moment_text(row.ends)},
             {"seconds_left", row.ends - now},
             {"issuer", row.issuer},
             {"issuer_file", row.issuer_file.empty() ? Json(nullptr) : Json(row.issuer_file)},
             {"key_file", row.key_file.empty() ? Json(nullptr) : Json(row.key_file)}};
    if (row.kind == "CRL") one["revoked"] = row.revoked;
    if (!row.serial.empty()) one["serial"] = row.serial;
    all.push_back(std::move(one));
  }
  out << all.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

/// Reads what is to be shown; whether all of it could be read.
bool read_shown(const std::vector<std::string>& paths, CertStore& store, std::ostream& errors) {
  bool good = true;
  for (const std::string& path : paths) {
    try {
      std::size_t found = 0;
      for (const fs::path& file : pem_files(path)) found += store.read(file);
      if (found > 0) continue;
      errors << "logboom: " << path << ": no certificates in PEM\n";
    } catch (const std::exception& error) {
      errors << "logboom: " << error.what() << "\n";
    }
    good = false;
  }
  return good;
}

/// Files beside those that are shown: keys and CAs that may belong to them.
void read_more(const fs::path& folder, CertStore& store) {
  std::set<fs::path> known;
  for (const CertStore::Entry& entry : store.entries) known.insert(entry.file);
  std::vector<fs::path> more;
  for (const fs::path& file : known) more.push_back(key_path_of(file));
  std::error_code none;
  if (fs::is_directory(folder, none)) {
    for (const fs::path& file : pem_files(folder)) more.push_back(file);
  }
  for (const fs::path& file : more) {
    if (!known.insert(file).second || ::access(file.c_str(), R_OK) != 0) continue;
    store.read(file);
  }
}

}  // namespace

int show_certificates(const CertOptions& options, const fs::path& folder, bool json, std::ostream& out,
                      std::ostream& errors) {
  CertStore store;
  std::error_code none;
  if (options.names.empty() && !fs::is_directory(folder, none))
    throw std::runtime_error(cat("there are no certificates: no directory ", folder.string(), "; --dir names another"));
  const bool good = read_shown(options.names.empty() ? std::vector{folder.string()} : options.names, store, errors);
  const std::size_t shown = store.entries.size();
  read_more(folder, store);
  const std::time_t now = std::time(nullptr);
  const std::vector<Row> rows = rows_of(store, shown, options.soon, now);
  for (std::size_t i = 0; i < shown; ++i) {
    const CertStore::Entry& entry = store.entries[i];
    if ((entry.key || entry.locked_key) && is_too_open(entry.file))
      errors << "logboom: warning: " << entry.file.string() << " can be read by others (mode " << mode_text(entry.file)
             << "): chmod 600 " << entry.file.string() << "\n";
  }
  if (json) {
    print_json(rows, now, out);
  } else if (!rows.empty()) {
    print_table(rows, folder, now, out);
  }
  if (!good) return 2;
  const auto alarming = [](const Row& row) { return row.state != State::fine && row.state != State::revoked; };
  return std::any_of(rows.begin(), rows.end(), alarming) ? 1 : 0;
}

}  // namespace logboom
