#pragma once

#include <ctime>
#include <iosfwd>
#include <string>
#include <vector>

namespace logboom {

/// What a command did, for a person or a program.
struct CertReport {
  struct File {
    std::string outcome;  // "made", "kept", "renewed", "revoked"
    std::string what;     // "CA", "server", "client", "revocation list"
    std::string path;
    std::string key;  // its private key's file; empty: none
    std::vector<std::string> names;
    std::time_t ends = 0;
    std::string serial;
  };
  struct Snippet {
    std::string name;   // "daemon.json", "environment", "logboom", "node"
    std::string title;  // where it is to be pasted
    std::string text;
  };
  std::vector<File> files;
  std::vector<Snippet> snippets;
  std::vector<std::string> notes;
};

void print(const CertReport& report, bool json, std::ostream& out);

/// "2036-11-27", and in RFC 3339.
std::string day_text(std::time_t time);
std::string moment_text(std::time_t time);

}  // namespace logboom
