#include "../senders.hpp"

#include <gmock/gmock.h>

#include <logboom/testing/context.hpp>

#include <atomic>
#include <map>
#include <stdexcept>
#include <thread>

namespace {

using namespace logboom;
using namespace logboom::in_syslog;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Name servers that the test writes. Threads: any.
class Book {
 public:
  void set(const std::string& name, const std::string& address) {
    const std::lock_guard lock(mutex_);
    addresses_[name] = address;
  }
  Senders::Resolve resolver() {
    return [this](const std::string& name, Networks& into) {
      const std::lock_guard lock(mutex_);
      ++asked_;
      if (addresses_[name].empty()) throw std::invalid_argument("unknown");
      into.add_network(addresses_[name]);
    };
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> addresses_;
  int asked_ = 0;
};

TEST(Senders, names_are_those_of_the_last_look_up_and_stay_where_they_are_unknown) {
  Book book;
  Senders senders(book.resolver());
  senders.allow({"a.example", "10.0.0.0/8", "b.example"});
  book.set("a.example", "192.0.2.1");
  EXPECT_THAT(senders.look_up(), ElementsAre("b.example"));
  EXPECT_TRUE(senders.allows("192.0.2.1", ""));
  EXPECT_TRUE(senders.allows("10.1.2.3", ""));
  EXPECT_FALSE(senders.allows("192.0.2.2", ""));
  book.set("a.example", "192.0.2.2");
  book.set("b.example", "2001:db8::1");
  EXPECT_THAT(senders.look_up(), IsEmpty());
  EXPECT_FALSE(senders.allows("192.0.2.1", ""));
  EXPECT_TRUE(senders.allows("192.0.2.2", ""));
  EXPECT_TRUE(senders.allows("2001:db8::1", ""));
  book.set("a.example", "");
  EXPECT_THAT(senders.look_up(), ElementsAre("a.example"));
  EXPECT_TRUE(senders.allows("192.0.2.2", ""));
}

TEST(Senders, a_wildcard_takes_names_that_lead_back_to_their_address) {
  Book book;
  book.set("web.Example.net", "192.0.2.1");
  book.set("a.b.example.net", "192.0.2.2");
  book.set("example.net", "192.0.2.3");
  book.set("badexample.net", "192.0.2.4");
  Senders senders(book.resolver());
  senders.allow({"*.example.NET"});
  EXPECT_TRUE(senders.has_wildcards());
  EXPECT_TRUE(senders.allows("192.0.2.1", "web.Example.net"));
  EXPECT_TRUE(senders.allows("192.0.2.2", "a.b.example.net"));
  EXPECT_FALSE(senders.allows("192.0.2.3", "example.net"));
  EXPECT_FALSE(senders.allows("192.0.2.4", "badexample.net"));
  // Whoever has an address may call it what he likes.
  EXPECT_FALSE(senders.allows("203.0.113.9", "web.Example.net"));
  EXPECT_FALSE(senders.allows("203.0.113.9", "none.example.net"));
  EXPECT_FALSE(senders.allows("192.0.2.1", "192.0.2.1"));
  // Each answer is remembered, for better or worse.
  const int asked = book.asked();
  EXPECT_TRUE(senders.allows("192.0.2.1", "web.Example.net"));
  EXPECT_FALSE(senders.allows("203.0.113.9", "none.example.net"));
  EXPECT_EQ(book.asked(), asked);
}

TEST(Senders, an_address_of_ipv6_may_stand_in_brackets) {
  Senders senders;
  senders.allow({"[::1]/128", "[2001:db8::]/32", "[fe80::1]"});
  EXPECT_FALSE(senders.has_names());
  for (const char* allowed : {"::1", "2001:db8:1::2", "fe80::1"}) EXPECT_TRUE(senders.allows(allowed, "")) << allowed;
  for (const char* other : {"::2", "2001:db9::1", "fe80::2"}) EXPECT_FALSE(senders.allows(other, "")) << other;
  for (const char* wrong : {"[::1", "::1]", "[]", "[10.0.0.1]", "[::1]/129"}) {
    Senders none;
    EXPECT_THROW(none.allow({wrong}), std::invalid_argument) << wrong;
  }
}

TEST(Senders, other_wildcards_are_refused) {
  for (const char* wrong : {"*", "*.", "a.*.example", "*a.example", "*.*.example", "192.168.*", "*.example/24"}) {
    Senders senders;
    EXPECT_THROW(senders.allow({wrong}), std::invalid_argument) << wrong;
  }
}

TEST(NameWatch, looks_names_up_until_it_ends_and_says_once_what_is_unknown) {
  Book book;
  logboom::testing::RecordingLog log;
  Senders senders(book.resolver());
  senders.allow({"a.example", "b.example"});
  const auto eventually = [](const auto& condition) {
    for (int i = 0; i < 10000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return condition();
  };
  {
    NameWatch watch(senders, std::chrono::milliseconds(1), log);
    EXPECT_TRUE(eventually([&] { return book.asked() > 10; }));
    EXPECT_FALSE(senders.allows("192.0.2.1", ""));
    book.set("a.example", "192.0.2.1");
    EXPECT_TRUE(eventually([&] { return senders.allows("192.0.2.1", ""); }));
  }
  EXPECT_EQ(log.count("'b.example' has no address"), 1U);
  const NameWatch slow(senders, std::chrono::hours(1), log);
}

}  // namespace
