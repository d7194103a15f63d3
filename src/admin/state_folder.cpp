#include "admin/state_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace logboom {

StateFolder::StateFolder(const std::string& root_dir) {
  std::filesystem::create_directories(root_dir);
  const std::string path = root_dir + "/lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) throw std::system_error(errno, std::generic_category(), "can't open " + path);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(lock_);
  if (error == EWOULDBLOCK) throw std::runtime_error("another process uses " + root_dir);
  throw std::system_error(error, std::generic_category(), "can't lock " + path);
}

StateFolder::~StateFolder() { ::close(lock_); }

std::string control_path(const std::string& root_dir) { return root_dir + "/control.sock"; }

}  // namespace logboom
