#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>

#include <logboom/testing/context.hpp>

#include "../discovery.hpp"
#include "../servers.hpp"

namespace {

using namespace logboom;
using namespace logboom::out_forward;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Clock = std::chrono::steady_clock;

/// A name server that answers when it is told to, or never.
class NameServer {
 public:
  std::shared_ptr<NameLookup> look_up(const std::string&) {
    ++questions;
    return NameLookup::begin([answer = answer_] { return answer.get(); });
  }
  ~NameServer() {
    if (!has_told_) answer({{}, "nobody knows it"});
  }
  void answer(HostAddresses addresses) {
    has_told_ = true;
    told_.set_value(std::move(addresses));
  }
  Resolver::LookUp of() {
    return [this](const std::string& host) { return look_up(host); };
  }
  std::atomic<int> questions{0};

 private:
  bool has_told_ = false;
  std::promise<HostAddresses> told_;
  std::shared_future<HostAddresses> answer_ = told_.get_future();
};

class OutForwardServers : public ::testing::Test {
 protected:
  OutForwardServers() {
    setup_.id = "out";
    setup_.log = &log_;
    setup_.heartbeat = HeartbeatType::none;
  }
  static ServerSettings named(const std::string& host) {
    ServerSettings settings;
    settings.host = host;
    return settings;
  }
  std::shared_ptr<Server> make(const ServerSettings& settings) {
    if (settings.host == broken_) throw std::runtime_error("a file can't be loaded");
    ServerAccess access;
    access.make = [](const std::string& address, SocketClient::Limits limits) {
      const SocketClient::Address where{SocketClient::Address::Kind::tcp, address, 1};
      return std::make_shared<Connection>(where, limits, nullptr, nullptr, false);
    };
    access.look_up = names_.of();
    return std::make_shared<Server>(settings, setup_, counts_, access);
  }
  std::unique_ptr<Servers> servers() {
    return std::make_unique<Servers>(
        setup_, [this](const ServerSettings& settings) { return make(settings); }, 1);
  }

  logboom::testing::RecordingLog log_;
  out_forward::Setup setup_;
  ServerCounts counts_;
  NameServer names_;
  std::string broken_;
};

TEST_F(OutForwardServers, stay_as_they_are_where_a_new_one_can_t_be_made) {
  const auto servers = this->servers();
  servers->set({named("a"), named("b")});
  const std::vector<std::shared_ptr<Server>> before = servers->all();
  broken_ = "c";
  EXPECT_THROW(servers->set({named("b"), named("a"), named("c")}), std::runtime_error);
  servers->tidy();
  EXPECT_EQ(servers->all(), before);
  EXPECT_EQ(servers->next({before[1]}, ""), before[0]);
  broken_.clear();
  servers->set({named("b"), named("c"), named("b")});
  const std::vector<std::shared_ptr<Server>> after = servers->all();
  ASSERT_EQ(after.size(), 3U);
  EXPECT_EQ(after[0], before[1]);
  EXPECT_EQ(after[1]->settings().host, "c");
  EXPECT_NE(after[2], after[0]);
  servers->tidy();
}

TEST_F(OutForwardServers, end_at_once_while_a_name_server_is_silent) {
  setup_.heartbeat = HeartbeatType::transport;
  setup_.expire_dns = 0ns;
  const auto servers = this->servers();
  servers->set({named("a"), named("b")});
  servers->start();
  std::thread upkeep([&] { servers->tidy(); });
  const auto deadline = Clock::now() + 10s;
  while (names_.questions < 2 && Clock::now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(names_.questions, 2);
  servers->interrupt_lookups();
  upkeep.join();
  servers->stop();
  EXPECT_LT(Clock::now(), deadline);
  EXPECT_EQ(log_.count("is lost"), 0U);
}

TEST_F(OutForwardServers, one_whose_name_nobody_knows_is_lost_from_the_start) {
  setup_.heartbeat = HeartbeatType::transport;
  const auto servers = this->servers();
  servers->set({named("a")});
  servers->start();
  names_.answer({{}, "nobody knows it"});
  const auto deadline = Clock::now() + 10s;
  while (log_.count("is lost: a: nobody knows it") == 0 && Clock::now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(log_.count("the server a:24224 is lost: a: nobody knows it"), 1U);
  servers->stop();
}

TEST(OutForwardResolver, what_takes_longer_than_anybody_waits_is_asked_once_and_known_later) {
  NameServer names;
  Resolver resolver("a", std::nullopt, false, names.of());
  std::string why;
  resolver.prepare();
  EXPECT_THAT(resolver.addresses(why, Clock::now()), IsEmpty());
  EXPECT_EQ(why, "a: no name server answers");
  names.answer({{"192.0.2.7", "192.0.2.8"}, ""});
  EXPECT_EQ(resolver.addresses(why), (std::vector<std::string>{"192.0.2.7", "192.0.2.8"}));
  EXPECT_EQ(resolver.addresses(why), (std::vector<std::string>{"192.0.2.7", "192.0.2.8"}));
  EXPECT_EQ(names.questions, 1);
  resolver.forget();
  EXPECT_THAT(resolver.addresses(why), ::testing::SizeIs(2));
  EXPECT_EQ(names.questions, 2);
}

TEST(OutForwardDiscovery, a_list_is_read_again_also_where_it_was_written_at_the_same_time) {
  char folder[] = "/tmp/logboom.list.XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/list.yaml";
  DiscoveryOptions options;
  options.path = path;
  const auto discovery = make_file_discovery(options);
  const auto write = [&](const std::string& text) {
    std::ofstream(path) << text;
    const timespec times[2] = {{1700000000, 0}, {1700000000, 0}};
    ::utimensat(AT_FDCWD, path.c_str(), times, 0);
    struct stat now {};
    ::stat(path.c_str(), &now);
    return std::pair(now.st_ctim.tv_sec, now.st_ctim.tv_nsec);
  };
  std::vector<ServerSettings> servers;
  std::string why;
  const auto first = write("- {host: a, port: x}");
  EXPECT_FALSE(discovery->look(servers, why));
  EXPECT_THAT(why, HasSubstr("no number"));
  while (write("- {host: a, port: 7}") == first) continue;
  EXPECT_TRUE(discovery->look(servers, why));
  EXPECT_EQ(servers.size(), 1U);
  std::filesystem::remove_all(folder);
}

}  // namespace
