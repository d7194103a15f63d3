#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "output/dead_letter_file.hpp"

// What is done with dead letters as files, whatever is in them.
namespace logboom {

namespace {

constexpr std::uint64_t disk_block = 4096;

}  // namespace

std::uint64_t room_of_letter(std::uint64_t file_size) { return (file_size + disk_block - 1) / disk_block * disk_block; }

std::vector<DeadLetter> list_dead_letters(
    const std::string& root_dir, const std::function<void(const std::string& path, const std::string& why)>& damaged) {
  std::vector<DeadLetter> letters;
  const std::string folder = dead_letters_folder(root_dir);
  if (!std::filesystem::exists(folder)) return letters;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != dead_letter_extension) continue;
    try {
      letters.push_back(read_dead_letter(entry.path()));
    } catch (const std::system_error& error) {
      // Another process may have removed it by now.
      if (error.code().value() != ENOENT) damaged(entry.path(), error.what());
    } catch (const std::runtime_error& error) {
      damaged(entry.path(), error.what());
    }
  }
  std::sort(letters.begin(), letters.end(), [](const DeadLetter& a, const DeadLetter& b) {
    return std::pair(a.time, std::string_view(a.id)) < std::pair(b.time, std::string_view(b.id));
  });
  return letters;
}

void touch_dead_letter(const std::string& path) {
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0 && errno != ENOENT)
    throw std::system_error(errno, std::generic_category(), "can't touch " + path);
}

void remove_dead_letter(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    throw std::system_error(errno, std::generic_category(), "can't remove " + path);
}

}  // namespace logboom
