#include "net/net_test_support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace logboom::net_test {

namespace {

constexpr int patience_ms = 20000;

bool wait_for(int fd, short events, int milliseconds = patience_ms) {
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, milliseconds) == 1;
}

class ToySession final : public net::Session {
 public:
  ToySession(net::Connection& connection, const Script& script, Story& story)
      : connection_(connection), script_(script), story_(story) {
    if (script_.on_open) script_.on_open(connection_);
  }
  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override {
    const std::size_t used = script_.on_bytes ? script_.on_bytes(connection_, slab, data, size) : size;
    story_.bytes(used);
    return used;
  }
  void on_receipt(std::uint64_t token, bool confirmed) override {
    if (script_.on_receipt) script_.on_receipt(connection_, token, confirmed);
  }
  void on_timer() override {
    if (script_.on_timer) script_.on_timer(connection_);
  }
  void on_end(net::End end, std::size_t unconsumed) override { story_.ended(end, unconsumed); }
  bool answers() const override { return script_.answers(); }
  bool waiting() const override { return script_.waiting(); }
  bool pause() override { return script_.pause(); }
  void go_on() override { script_.go_on(); }

 private:
  net::Connection& connection_;
  const Script& script_;
  Story& story_;
};

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

char pattern_byte(std::size_t position) { return static_cast<char>((position * 31 + position / 251) & 0xff); }

std::string pattern(std::size_t size, std::size_t from) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = pattern_byte(from + i);
  return text;
}

void ToyEmitter::emit(Delivery delivery, Flow& flow) {
  if (full_) {
    parked_.emplace_back(std::move(delivery), &flow);
    ++parked_count_;
    return flow.hold();
  }
  accept(std::move(delivery));
}

void ToyEmitter::accept(Delivery delivery) {
  if (!keeping_) return delivery.receipts.confirm();
  const std::lock_guard lock(mutex_);
  kept_.push_back(std::move(delivery));
}

std::deque<Delivery> ToyEmitter::take_kept() {
  const std::lock_guard lock(mutex_);
  return std::exchange(kept_, {});
}

std::size_t ToyEmitter::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

void ToyEmitter::forget(Flow& flow) {
  for (auto& [delivery, owner] : parked_) {
    if (owner == &flow) owner = nullptr;
  }
}

void ToyEmitter::go_on() {
  full_ = false;
  worker_.post([this] {
    for (auto& [delivery, flow] : std::exchange(parked_, {})) {
      accept(std::move(delivery));
      --parked_count_;
      if (flow != nullptr) flow->go_on();
    }
  });
}

void Story::note(std::string what) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(what));
}

std::vector<std::string> Story::notes() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

TestServer::TestServer(unsigned workers) : server_(workers, log_) {
  for (auto& worker : server_.workers()) emitters_.push_back(std::make_shared<ToyEmitter>(*worker));
  host_ = server_.host("toy", {}, metrics_,
                       [this](net::Worker& worker) { return std::shared_ptr<Emitter>(emitters_[worker.index()]); });
}

TestServer::~TestServer() {
  if (main_.joinable()) {
    server_.post([this] { server_.stop(); });
    main_.join();
  }
  for (auto& worker : server_.workers()) worker->stop_and_join();
}

std::uint16_t TestServer::listen(const Script& script, net::StreamListen where) {
  if (where.bind == "0.0.0.0") where.bind = "127.0.0.1";
  host_->listen(where, [this, script](net::Connection& connection) {
    Story* story = nullptr;
    {
      const std::lock_guard lock(mutex_);
      story = &stories_.emplace_back();
      story->peer = connection.peer();
      story->peer_address = connection.peer_address();
      story->peer_host = connection.peer_host();
    }
    auto session = std::make_unique<ToySession>(connection, script, *story);
    ++opened_;
    return session;
  });
  host_->begin();
  return host_->last_port();
}

void TestServer::run() {
  host_->begin();
  server_.start_workers();
  main_ = std::thread([this] { server_.run(); });
}

void TestServer::on_main(const std::function<void()>& task) {
  std::promise<void> done;
  server_.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void TestServer::on_worker(const std::function<void()>& task, std::size_t index) {
  std::promise<void> done;
  worker(index).post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void TestServer::shut_down(std::chrono::milliseconds patience) {
  server_.shut_down(Clock::now() + patience, [this] { shut_down_done = true; });
}

std::size_t TestServer::stories() const { return opened_; }

Story& TestServer::story(std::size_t index) {
  if (!eventually([&] { return stories() > index; })) throw std::runtime_error("no connection was opened");
  const std::lock_guard lock(mutex_);
  return stories_[index];
}

std::size_t TestServer::over() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(stories_.begin(), stories_.end(), [](const Story& s) { return s.is_over(); }));
}

std::int64_t TestServer::metric(std::string_view name) const {
  std::int64_t sum = 0;
  metrics_.visit([&](const Metrics::Sample& sample) { sum += sample.name == name ? sample.value : 0; });
  return sum;
}

std::size_t TestServer::slabs() {
  std::size_t sum = 0;
  for (auto& worker : server_.workers()) sum += worker->slabs().slabs();
  return sum;
}

std::chrono::microseconds TestServer::worker_time(std::size_t index) {
  timespec used{};
  on_worker([&] { ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used); }, index);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::seconds(used.tv_sec) +
                                                               std::chrono::nanoseconds(used.tv_nsec));
}

Client Client::tcp(std::uint16_t port, int receive_buffer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int failed = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return Client(fd, failed == 0 ? 0 : errno);
}

Client Client::tcp6(std::uint16_t port) {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = in6addr_loopback;
  const int failed = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return Client(fd, failed == 0 ? 0 : errno);
}

Client Client::unix_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size() + 1, sizeof address.sun_path));
  const int failed = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return Client(fd, failed == 0 ? 0 : errno);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT)) return false;
      continue;
    }
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t Client::send_until_blocked(std::size_t most) {
  const std::string stream = pattern(most);
  std::size_t at = 0;
  while (at < most && wait_for(fd_, POLLOUT, 300)) {
    const ssize_t sent = ::send(fd_, stream.data() + at, most - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) break;
    at += static_cast<std::size_t>(sent);
  }
  return at;
}

Ending Client::read_some(std::string& out, std::size_t most) {
  char space[65536];
  if (!wait_for(fd_, POLLIN)) return Ending::timeout;
  const ssize_t got = ::recv(fd_, space, std::min(most, sizeof space), 0);
  if (got < 0) return Ending::reset;
  out.append(space, static_cast<std::size_t>(got));
  return got == 0 ? Ending::eof : Ending::more;
}

std::string Client::receive(std::size_t size) {
  std::string out;
  while (out.size() < size && read_some(out, size - out.size()) == Ending::more) {
  }
  return out;
}

Ending Client::read_to_end(std::string* all) {
  std::string out;
  Ending ending = Ending::more;
  while (ending == Ending::more) ending = read_some(out, 65536);
  if (all != nullptr) *all = std::move(out);
  return ending;
}

void Client::half_close() { ::shutdown(fd_, SHUT_WR); }

void Client::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Client::reset() {
  const linger no_wait{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &no_wait, sizeof no_wait);
  close();
}

Delivery delivery_of(net::Source& source, const SlabPtr& slab, const std::uint8_t* data, std::size_t size) {
  auto batch = std::make_unique<EventBatch>(source.tag("toy"));
  batch->add(Span{data, static_cast<std::uint32_t>(size), 1}, slab);
  return {BatchPtr(std::move(batch)), {}};
}

}  // namespace logboom::net_test
