#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <atomic>
#include <charconv>
#include <cstring>
#include <utility>

#include <logboom/inquiry.hpp>
#include <logboom/log.hpp>

#include "discovery.hpp"

namespace logboom::out_forward {

namespace {

/// One question to the servers of a resolver's state, which is made for it and forgotten.
class Question {
 public:
  Question() { ready_ = ::res_ninit(&state_) == 0; }
  ~Question() {
    if (ready_) ::res_nclose(&state_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  /// "192.0.2.53" or "192.0.2.53:8600". False where it is no address.
  bool ask_only(const std::string& server) {
    const std::size_t colon = server.rfind(':');
    const std::string host = server.substr(0, colon);
    std::uint16_t port = NS_DEFAULTPORT;
    if (colon != std::string::npos) {
      const char* const end = server.data() + server.size();
      const auto [at, failed] = std::from_chars(server.data() + colon + 1, end, port);
      if (failed != std::errc() || at != end) return false;
    }
    sockaddr_in& address = state_.nsaddr_list[0];
    address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    state_.nscount = 1;
    return ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1;
  }

  /// The answers' records of that type. False where there is no answer.
  bool ask(const std::string& name, ns_type type) {
    answer_.resize(NS_MAXMSG);
    if (!ready_) return false;
    const int size =
        ::res_nquery(&state_, name.c_str(), ns_c_in, type, answer_.data(), static_cast<int>(answer_.size()));
    return size > 0 && ::ns_initparse(answer_.data(), size, &message_) == 0;
  }
  template <class F>
  void for_each(ns_type type, F&& visit) {
    for (int i = 0; i < ns_msg_count(message_, ns_s_an); ++i) {
      ns_rr record;
      if (::ns_parserr(&message_, ns_s_an, i, &record) == 0 && ns_rr_type(record) == type) visit(record);
    }
  }
  std::string name_at(const std::uint8_t* at) const {
    char name[NS_MAXDNAME];
    const int size = ::dn_expand(ns_msg_base(message_), ns_msg_end(message_), at, name, sizeof name);
    return size < 0 ? std::string() : std::string(name);
  }

 private:
  struct __res_state state_ {};
  bool ready_ = false;
  std::vector<std::uint8_t> answer_;
  ns_msg message_{};
};

constexpr int srv_head = 6;  // priority, weight, port

struct Found {
  std::vector<ServerSettings> servers;
  std::string why;
};

/// What name servers say when they are asked. Blocks as long as they do.
class SrvRecords {
 public:
  explicit SrvRecords(const DiscoveryOptions& options)
      : options_(options), target_(cat("_", options.service, "._", options.proto, ".", options.hostname)) {}

  const std::string& target() const noexcept { return target_; }
  Found find() const {
    Found found;
    Question question;
    if (!prepare(question, found.why)) return found;
    if (!question.ask(target_, ns_t_srv)) {
      found.why = cat(target_, ": no answer to the question for SRV records");
      return found;
    }
    question.for_each(ns_t_srv, [&](const ns_rr& record) {
      if (ns_rr_rdlen(record) > srv_head) found.servers.push_back(settings_of(question, ns_rr_rdata(record)));
    });
    if (options_.dns_lookup) look_up(found.servers);
    if (found.servers.empty()) found.why = cat(target_, ": no SRV record leads to an address");
    return found;
  }

 private:
  bool prepare(Question& question, std::string& why) const {
    if (options_.dns_server_host.empty() || question.ask_only(options_.dns_server_host)) return true;
    why = cat("dns_server_host is no IPv4 address: ", options_.dns_server_host);
    return false;
  }

  ServerSettings settings_of(const Question& question, const std::uint8_t* data) const {
    ServerSettings server;
    server.priority = static_cast<unsigned>(ns_get16(data));
    // RFC 2782: 0 where there is nothing to choose. Here it would mean that it gets nothing.
    server.weight = std::max(1U, static_cast<unsigned>(ns_get16(data + 2)));
    server.port = static_cast<std::uint16_t>(ns_get16(data + 4));
    server.host = server.name = question.name_at(data + srv_head);
    server.shared_key = options_.shared_key;
    server.username = options_.username;
    server.password = options_.password;
    return server;
  }

  /// Puts addresses in the place of names; a server that has none is left out.
  void look_up(std::vector<ServerSettings>& servers) const {
    std::string why;
    std::erase_if(servers, [&](ServerSettings& server) {
      Question question;
      if (!prepare(question, why)) return true;
      std::string address;
      for (const ns_type type : {ns_t_a, ns_t_aaaa}) {
        if (!address.empty() || !question.ask(server.host, type)) continue;
        const int family = type == ns_t_a ? AF_INET : AF_INET6;
        const std::size_t size = type == ns_t_a ? 4 : 16;
        question.for_each(type, [&](const ns_rr& record) {
          char text[INET6_ADDRSTRLEN];
          if (!address.empty() || ns_rr_rdlen(record) != size) return;
          if (::inet_ntop(family, ns_rr_rdata(record), text, sizeof text) != nullptr) address = text;
        });
      }
      server.host = address;
      return address.empty();
    });
  }

  DiscoveryOptions options_;
  std::string target_;
};

class SrvDiscovery final : public Discovery {
 public:
  explicit SrvDiscovery(const DiscoveryOptions& options) : records_(options), interval_(options.interval) {}

  bool look(std::vector<ServerSettings>& servers, std::string& why, Clock::time_point until) override {
    if (!asked_) asked_ = Inquiry<Found>::begin([records = records_] { return records.find(); });
    if (!asked_->wait(until, interrupted_)) {
      if (!interrupted_) why = cat(records_.target(), ": no name server answers");
      return false;
    }
    const Found found = std::exchange(asked_, nullptr)->answer();
    why = found.why;
    if (!why.empty() || found.servers == last_) return false;
    servers = last_ = found.servers;
    return true;
  }
  void interrupt() noexcept override { interrupted_ = true; }
  std::chrono::nanoseconds interval() const override { return interval_; }

 private:
  const SrvRecords records_;
  const std::chrono::nanoseconds interval_;
  std::atomic<bool> interrupted_{false};
  std::shared_ptr<Inquiry<Found>> asked_;
  std::vector<ServerSettings> last_;
};

}  // namespace

std::unique_ptr<Discovery> make_srv_discovery(const DiscoveryOptions& options) {
  return std::make_unique<SrvDiscovery>(options);
}

}  // namespace logboom::out_forward
