/// Neither end of the handshake breaks, whatever the other sends; how it is cut makes no difference; what one end
/// writes the other reads.
#include <logboom/forward_handshake.hpp>

#include <cstdlib>

namespace {

namespace forward = logboom::forward;

void require(bool condition) {
  if (!condition) std::abort();
}

const forward::ServerSecurity& server_security() {
  static const forward::ServerSecurity security = [] {
    forward::ServerSecurity made;
    made.self_hostname = "server";
    made.shared_key = "key";
    made.user_auth = true;
    made.users = {{"user", "password"}};
    return made;
  }();
  return security;
}

void serve(std::string_view bytes) {
  const forward::HandshakeServer server(server_security(), "192.0.2.7", true);
  const forward::HandshakeServer::Step whole = server.advance(bytes);
  require(whole.used <= bytes.size());
  require(whole.is != forward::HandshakeServer::Step::Is::accepted);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const forward::HandshakeServer::Step step = server.advance(bytes.substr(0, size));
    if (step.is == forward::HandshakeServer::Step::Is::needs_more) continue;
    require(step.is == whole.is && step.refusal == whole.refusal && step.answer == whole.answer);
    return;
  }
  require(whole.is == forward::HandshakeServer::Step::Is::needs_more);
}

void connect(std::string_view bytes, bool greeted) {
  static const forward::ClientSecurity security{"client", "key", "user", "password"};
  forward::HandshakeClient client(security);
  if (greeted) client.advance(forward::HandshakeServer(server_security(), "", true).helo());
  const forward::HandshakeClient::Step step = client.advance(bytes);
  require(step.used <= bytes.size());
  require(step.is != forward::HandshakeClient::Step::Is::accepted);
  require((step.is == forward::HandshakeClient::Step::Is::failed) == !step.why.empty());
}

template <class Message>
void write_again(std::string_view bytes) {
  Message first;
  if (!forward::read_message(bytes, first)) return;
  Message second;
  const std::string written = forward::write_message(first);
  if (written.size() > forward::longest_handshake_message) return;
  require(forward::read_message(written, second));
  require(forward::write_message(second) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  serve(bytes);
  connect(bytes, false);
  connect(bytes, true);
  write_again<forward::Helo>(bytes);
  write_again<forward::Ping>(bytes);
  write_again<forward::Pong>(bytes);
  return 0;
}
