#include "base/tls_settings.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "base/tls_server.hpp"
#include "tls_test_support.hpp"

namespace logboom {
namespace {

using namespace tls_test;
using ::testing::HasSubstr;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// In place: it stays the same file.
void overwrite(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

class TlsLists : public ::testing::Test {
 protected:
  /// Why the text is refused; empty: it is taken.
  std::string refusal(std::string_view text) {
    const std::string path = authority_.path() + ".lists";
    overwrite(path, text);
    try {
      add_tls_revoked(context_.get(), path, {});
    } catch (const TlsError& error) {
      return error.what();
    }
    return "";
  }

  Authority authority_;
  Authority other_;
  const std::string first_ = content_of(authority_.revoke({authority_.issue("a")}));
  const std::string second_ = content_of(other_.revoke({other_.issue("b"), other_.issue("c")}));
  std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context_{::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free};
};

TEST_F(TlsLists, of_which_one_is_cut_anywhere_are_refused_all_together) {
  const std::string both = first_ + second_;
  ASSERT_EQ(refusal(both), "");
  EXPECT_THAT(refusal(both.substr(0, both.size() - 60)), HasSubstr("is cut or damaged behind 1 list of revoked"));
  for (std::size_t size = first_.size() + 1; size < both.size() - 1; ++size) {
    ASSERT_THAT(refusal(both.substr(0, size)), HasSubstr("is cut or damaged")) << both.substr(0, size);
  }
}

TEST_F(TlsLists, that_are_whole_are_taken_with_whatever_is_around_them) {
  const std::string certificate = content_of(authority_.path());
  const std::string bare = second_.substr(0, second_.size() - 1);
  EXPECT_EQ(refusal("the first\n" + first_ + certificate + "-- the second\n" + second_ + "- and no more"), "");
  EXPECT_EQ(refusal(first_ + first_ + bare), "");
  EXPECT_THAT(refusal(certificate), HasSubstr("holds no list of revoked certificates"));
}

TEST_F(TlsLists, that_are_damaged_are_refused) {
  std::string damaged = first_;
  damaged[damaged.size() / 2] = '!';
  EXPECT_THAT(refusal(second_ + damaged), HasSubstr("is cut or damaged behind 1 list of revoked"));
  EXPECT_NE(refusal(damaged + second_), "");
}

TEST(TlsAuthorities, of_which_one_is_cut_are_refused) {
  Authority first;
  Authority second;
  const std::string path = first.path() + ".both";
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context(::SSL_CTX_new(::TLS_server_method()),
                                                                    ::SSL_CTX_free);
  const std::string both = content_of(first.path()) + content_of(second.path());
  overwrite(path, both);
  EXPECT_NO_THROW(add_tls_authorities(context.get(), path, {}));
  overwrite(path, both.substr(0, both.size() - 60));
  EXPECT_THROW(add_tls_authorities(context.get(), path, {}), TlsError);
}

timespec change_time(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_ctim;
}

/// The file has been modified at that time, for all that it says; the kernel knows better when it was changed.
void pretend(const std::string& path, const timespec& modified) {
  const timespec before = change_time(path);
  const timespec times[2] = {modified, modified};
  do {
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  } while (change_time(path).tv_sec == before.tv_sec && change_time(path).tv_nsec == before.tv_nsec);
}

TEST(TlsServer, files_that_could_not_be_read_are_tried_again_when_anything_about_them_has_changed) {
  Authority authority;
  const Paths paths = authority.issue("server");
  const std::string good = content_of(paths.key);
  const timespec modified{1700000000, 0};
  pretend(paths.key, modified);
  TlsServer server(serving(paths));
  std::string why;
  EXPECT_EQ(server.refresh(why), TlsServer::Refresh::unchanged);
  overwrite(paths.key, std::string(good.size(), 'x'));
  pretend(paths.key, modified);
  EXPECT_EQ(server.refresh(why), TlsServer::Refresh::refused);
  EXPECT_THAT(why, HasSubstr("private_key_path"));
  EXPECT_EQ(server.refresh(why), TlsServer::Refresh::unchanged);
  overwrite(paths.key, good);
  pretend(paths.key, modified);
  EXPECT_EQ(server.refresh(why), TlsServer::Refresh::loaded);
}

}  // namespace
}  // namespace logboom
