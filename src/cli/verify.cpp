#include "cli/verify.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/verify_chain.hpp"
#include "cli/verify_files.hpp"

namespace logboom {

namespace {

using integrity::Key;

VerifyReport verify(const VerifyPair& pair, const Key* key) {
  VerifyReport report;
  report.file = pair.file;
  report.chain = pair.chain;
  const std::string bytes = read_whole(pair.chain);
  const auto chain = parse_chain(bytes);
  if (!chain) {
    report.findings.push_back({"chain", 0, pair.chain + " is no hash chain"});
    return report;
  }
  check_chain(*chain, key, report);
  if (!chain->whole) report.notes.push_back("the chain's last record is not whole: a crash, or a write under way");
  if (!pair.file.empty()) {
    check_text(*chain, pair.file, report);
  } else if (chain->confirmed > 0) {
    report.findings.push_back({"file", 0, cat("the file is missing: ", chain->confirmed, " lines")});
  }
  return report;
}

/// Each chain begins with a digest of the one before it.
void check_links(std::vector<VerifyReport>& reports) {
  std::map<std::pair<std::string, std::uint64_t>, const VerifyReport*> by_place;
  for (const VerifyReport& report : reports) {
    if (report.header) by_place[{report.header->stream, report.header->sequence}] = &report;
  }
  for (VerifyReport& report : reports) {
    if (!report.header || report.header->sequence == 0) continue;
    const auto before = by_place.find({report.header->stream, report.header->sequence - 1});
    const std::string name = report.header->previous_name;
    if (before == by_place.end()) {
      report.notes.push_back(cat("the file before it, ", name, ", is not among these"));
    } else if (const auto& digests = before->second->digests;
               std::find(digests.begin(), digests.end(), report.header->previous) == digests.end()) {
      report.findings.push_back({"link", 0,
                                 cat("it does not follow on ", before->second->chain,
                                     ", which is not the chain that was there before it, or was cut")});
    }
  }
}

/// Lines before the first one that is wrong, as far as a checkpoint proves them.
std::uint64_t proven_lines(const VerifyReport& report) {
  std::uint64_t lines = report.proof ? std::min(report.proof->lines, report.lines_before_any_difference) : 0;
  for (const VerifyReport::Finding& finding : report.findings)
    lines = std::min(lines, finding.line == 0 ? 0 : finding.line - 1);
  return lines;
}

std::string conclusion(const VerifyReport& report) {
  if (!report.proof) return "nothing is proven";
  const std::string by =
      report.is_signed ? " proven, signed by " + report.signer : " consistent with an unsigned chain";
  if (report.right())
    return cat("all ", report.lines, " lines are as written, up to ", time_text(report.proof->time), ":", by);
  const std::uint64_t lines = proven_lines(report);
  return lines == 0 ? "nothing is proven" : cat("lines 1 to ", lines, " are as written:", by);
}

void print(const VerifyReport& report, std::ostream& out) {
  out << (report.right() ? "ok      " : "DAMAGED ") << (report.file.empty() ? report.chain : report.file) << "\n";
  for (const VerifyReport::Finding& finding : report.findings) out << "  " << finding.text << "\n";
  out << "  " << conclusion(report) << "\n";
  for (const std::string& note : report.notes) out << "  note: " << note << "\n";
}

nlohmann::ordered_json json_of(const VerifyReport& report) {
  nlohmann::ordered_json out{{"file", report.file},
                             {"chain", report.chain},
                             {"right", report.right()},
                             {"lines", report.lines},
                             {"proven_lines", proven_lines(report)},
                             {"signed_by", report.signer}};
  if (report.proof) out["checkpoint"] = time_text(report.proof->time);
  out["findings"] = nlohmann::ordered_json::array();
  for (const VerifyReport::Finding& finding : report.findings)
    out["findings"].push_back({{"kind", finding.kind}, {"line", finding.line}, {"text", finding.text}});
  out["notes"] = report.notes;
  return out;
}

int make_key(const std::string& path, std::ostream& out) {
  const Key key = Key::make(path);
  out << path << ": the private key, for integrity_key\n"
      << path
      << ".pub: the public key, for logboom verify --key: " << integrity::to_hex(integrity::view(key.raw_public()))
      << "\n";
  return 0;
}

std::vector<VerifyPair> all_pairs(const CliOptions& options, std::ostream& errors, bool& readable) {
  std::vector<VerifyPair> pairs;
  for (const std::string& path : options.verify_paths) {
    const auto found = find_pairs(path);
    if (found.empty()) {
      errors << "logboom: " << path << ": no file with a hash chain\n";
      readable = false;
    }
    for (const VerifyPair& pair : found) {
      if (pair.chain.empty()) {
        errors << "logboom: " << pair.file << ": there is no hash chain of it\n";
        readable = false;
      } else {
        pairs.push_back(pair);
      }
    }
  }
  return pairs;
}

}  // namespace

int verify_command(const CliOptions& options, std::ostream& out, std::ostream& errors) {
  try {
    if (!options.make_key.empty()) return make_key(options.make_key, out);
    std::optional<Key> key;
    if (!options.verify_key.empty()) key = Key::read_public(options.verify_key);
    bool readable = true;
    std::vector<VerifyReport> reports;
    for (const VerifyPair& pair : all_pairs(options, errors, readable))
      reports.push_back(verify(pair, key ? &*key : nullptr));
    check_links(reports);
    bool right = true;
    auto files = nlohmann::ordered_json::array();
    for (const VerifyReport& report : reports) {
      right = right && report.right();
      if (options.json) {
        files.push_back(json_of(report));
      } else {
        print(report, out);
      }
    }
    if (options.json) {
      const nlohmann::ordered_json all{{"right", right && readable}, {"files", files}};
      out << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    }
    return !right ? 1 : readable ? 0 : 2;
  } catch (const std::exception& e) {
    errors << "logboom: " << e.what() << "\n";
    return 2;
  }
}

}  // namespace logboom
