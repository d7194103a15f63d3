#pragma once

#include <string>
#include <vector>

namespace logboom {

/// A chain and the file that it is about; one of them is empty where there is none.
struct VerifyPair {
  std::string file;
  std::string chain;
};

/// What a path of the command line stands for: a file, a chain, a directory with all below it, or a pattern.
/// Nothing where there is no such thing.
std::vector<VerifyPair> find_pairs(const std::string& path);

/// Everything that a file holds. Throws std::system_error.
std::string read_whole(const std::string& path);

}  // namespace logboom
