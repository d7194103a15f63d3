#include "quarantine.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <logboom/log.hpp>
#include <logboom/segment.hpp>

namespace logboom::buf_file {

Quarantined keep_damaged(const StoreSettings& settings, std::uint32_t segment) {
  const std::string name = segment::file_name(segment);
  const std::string directory = settings.directory + "/quarantine";
  const std::string copy = directory + "/" + name;
  ::mkdir(directory.c_str(), settings.directory_mode);
  if (::link((settings.directory + "/" + name).c_str(), copy.c_str()) == 0)
    return {true, cat("the file is kept as ", copy)};
  if (errno == EEXIST) return {false, cat("the file is kept as ", copy)};
  return {true, cat("it can't be kept as ", copy, ": ", error_text(errno))};
}

}  // namespace logboom::buf_file
