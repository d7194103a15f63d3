#include "base/tls_client.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "base/tls_certificate.hpp"
#include "base/tls_settings.hpp"

namespace logboom {

namespace {

bool is_ip(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* const memory = static_cast<TlsMemory*>(SSL_get_app_data(ssl));
  if (memory == nullptr) return 0;
  memory->session.reset(session);
  return 1;
}

int note_wanted_certificate(SSL*, void* memory) {
  static_cast<TlsMemory*>(memory)->certificate_wanted = true;
  return 1;
}

/// Notes what a certificate for somebody else is for: OpenSSL does not keep one that it refuses.
int note_names(int given, X509_STORE_CTX* store) {
  const int good = allow_authority_without_list(given, store);
  const int error = ::X509_STORE_CTX_get_error(store);
  if (good == 1 || (error != X509_V_ERR_HOSTNAME_MISMATCH && error != X509_V_ERR_IP_ADDRESS_MISMATCH)) return good;
  auto* const ssl = static_cast<SSL*>(::X509_STORE_CTX_get_ex_data(store, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
  static_cast<TlsMemory*>(SSL_get_app_data(ssl))->names = names_in(::X509_STORE_CTX_get0_cert(store));
  return good;
}

int allow_self_signed(int good, X509_STORE_CTX* store) {
  const bool self_signed = ::X509_STORE_CTX_get_error(store) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
  if (good == 1 || !self_signed) return note_names(good, store);
  ::X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

void set_trust(SSL_CTX* context, const TlsClientOptions& options) {
  if (options.insecure) return ::SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  for (const std::string& path : options.ca_paths) add_tls_authorities(context, path, options.names);
  if (options.ca_paths.empty()) ::SSL_CTX_set_default_verify_paths(context);
  if (!options.crl_path.empty()) add_tls_revoked(context, options.crl_path, options.names);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, options.allow_self_signed_cert ? allow_self_signed : note_names);
}

std::shared_ptr<SSL_CTX> make_context(const TlsClientOptions& options) {
  ::ERR_clear_error();
  std::shared_ptr<SSL_CTX> shared(::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  SSL_CTX* context = shared.get();
  if (context == nullptr) throw TlsError("", cat("OpenSSL can't begin: ", openssl_reason()));
  set_tls_versions(context, {options.version, options.min_version, options.max_version}, options.names);
  set_tls_ciphers(context, options.ciphers, options.names);
  if (!options.cert_path.empty()) {
    use_tls_certificate(context, options.cert_path, options.private_key_path, options.private_key_passphrase,
                        options.names);
  } else if (!options.private_key_path.empty()) {
    throw TlsError(options.names.private_key_path,
                   cat(options.names.private_key_path, " needs ", options.names.cert_path, " beside it"));
  }
  set_trust(context, options);
  set_tls_habits(context);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  ::SSL_CTX_sess_set_new_cb(context, keep_session);
  ::ERR_clear_error();
  return shared;
}

std::vector<std::string> paths_of(const TlsClientOptions& options) {
  std::vector<std::string> paths = options.ca_paths;
  for (const std::string* path : {&options.crl_path, &options.cert_path, &options.private_key_path}) {
    if (!path->empty()) paths.push_back(*path);
  }
  return paths;
}

}  // namespace

void TlsMemory::Free::operator()(SSL_SESSION* one) const noexcept { ::SSL_SESSION_free(one); }

TlsClient::TlsClient(TlsClientOptions options, Log& log)
    : options_(std::move(options)),
      log_(log),
      paths_(paths_of(options_)),
      stamps_(file_stamps(paths_)),
      context_(make_context(options_)) {}

std::shared_ptr<SSL_CTX> TlsClient::context() {
  std::vector<std::string> now = file_stamps(paths_);
  const std::lock_guard lock(mutex_);
  if (now == stamps_) return context_;
  stamps_ = std::move(now);
  try {
    context_ = make_context(options_);
    log_.info("TLS: certificates loaded anew");
  } catch (const TlsError& error) {
    log_.error(cat("TLS: certificates have changed, but can't be loaded; those from before stay: ",
                   std::string_view(error.what())));
  }
  return context_;
}

std::unique_ptr<TlsStream> TlsClient::open(int fd, const std::string& host, TlsMemory& memory) {
  std::shared_ptr<SSL_CTX> context = this->context();
  if (memory.context != context || (memory.session && has_expired_peer(memory.session.get()))) memory.session.reset();
  memory.context = context;
  memory.certificate_wanted = false;
  memory.names.clear();
  auto stream = std::make_unique<TlsStream>(std::move(context), fd, TlsStream::Side::client);
  SSL* const ssl = stream->ssl();
  const std::string& name = options_.server_name.empty() ? host : options_.server_name;
  SSL_set_app_data(ssl, &memory);
  ::SSL_set_cert_cb(ssl, note_wanted_certificate, &memory);
  ::SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!is_ip(name)) ::SSL_set_tlsext_host_name(ssl, name.c_str());
  if (options_.verify_hostname && !options_.insecure) {
    const int known = is_ip(name) ? ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), name.c_str())
                                  : ::SSL_set1_host(ssl, name.c_str());
    if (known != 1) throw std::bad_alloc();
  }
  if (memory.session) ::SSL_set_session(ssl, memory.session.get());
  return stream;
}

void TlsClientOptions::describe(Describe<TlsClientOptions>& d) {
  using O = TlsClientOptions;
  d.choice("version", &O::version, tls_version_words(),
           "The only version of TLS to be spoken; 1.2 and 1.3 if not given.");
  d.choice("min_version", &O::min_version, tls_version_words(), "The oldest version of TLS to be spoken.");
  d.choice("max_version", &O::max_version, tls_version_words(), "The newest version of TLS to be spoken.");
  d.param("ciphers", &O::ciphers, "Ciphers in OpenSSL's notation; suites of TLS 1.3 may stand among them.");
  d.param(
      "ca_path", &O::ca_paths,
      "PEM files with the CAs, or folders of them, that the server's certificate must come from; the system's where "
      "nothing is said.");
  d.param("crl_path", &O::crl_path, "PEM file with the lists of revoked certificates of those CAs.");
  d.param(
      "cert_path", &O::cert_path,
      "PEM file with a client's certificate, for a server that wants one, and behind it those that lead to its CA.");
  d.param("private_key_path", &O::private_key_path, "PEM file with the certificate's key.");
  d.param("private_key_passphrase", &O::private_key_passphrase, "What the key's file is encrypted with.").secret();
  d.param("server_name", &O::server_name,
          "The name that the server's certificate must be for, and that the server is told; that of `host` where "
          "nothing is said.");
  d.param("verify_hostname", &O::verify_hostname,
          "Whether the certificate must be for the server's name or address; without it anybody whom the CA knows may "
          "pass for the server.");
  d.param("allow_self_signed_cert", &O::allow_self_signed_cert,
          "Take a certificate that has signed itself, where its name is right.");
  d.param("insecure", &O::insecure, "Take any certificate: nothing then says that the server is the right one.");
}

std::shared_ptr<TlsClient> read_client_transport(const TlsClientOptions& options, const Element& element, Log& log) {
  const std::vector<const Element*> sections = element.sections("transport");
  if (sections.empty() || options.arg == "tcp") return nullptr;
  if (options.arg == "tls") return make_tls_client(options, *sections.back(), log);
  throw ConfigError(
      sections.back()->pos,
      cat("<transport ", options.arg, "> is not possible here: write <transport tls>, or <transport tcp>"),
      "bad-transport");
}

std::shared_ptr<TlsClient> make_tls_client(TlsClientOptions options, const Element& element, Log& log) {
  try {
    return std::make_shared<TlsClient>(std::move(options), log);
  } catch (const TlsError& error) {
    const Attribute* const where = element.find(error.parameter());
    throw ConfigError(where != nullptr ? where->value_pos : element.pos, error.what(), "bad-tls");
  }
}

}  // namespace logboom
