#include "base/tls_expiry.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <optional>

#include <logboom/log.hpp>

#include "base/tls_certificate.hpp"

namespace logboom {

namespace {

constexpr std::time_t day = 86400;
constexpr std::time_t soon = 14 * day;

std::optional<std::time_t> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ::ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return ::timegm(&parts);
}

std::string date(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts)};
}

std::string name_of(const X509_NAME* name) {
  const BioPtr text(::BIO_new(::BIO_s_mem()));
  if (!text || ::X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) return "";
  char* data = nullptr;
  const long size = ::BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(std::max(0L, size))};
}

class Finder {
 public:
  explicit Finder(std::time_t now) : now_(now) {}

  void look(const X509* certificate) {
    if (certificate == nullptr) return;
    look(cat("the certificate of '", name_of(::X509_get_subject_name(certificate)), "'"),
         time_of(::X509_get0_notBefore(certificate)), time_of(::X509_get0_notAfter(certificate)),
         "no peer takes it any more");
  }
  void look(const X509_CRL* list) {
    look(cat("the list of revoked certificates of '", name_of(::X509_CRL_get_issuer(list)), "'"),
         time_of(::X509_CRL_get0_lastUpdate(list)), time_of(::X509_CRL_get0_nextUpdate(list)),
         "clients with a certificate are refused");
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  void look(const std::string& what, std::optional<std::time_t> begin, std::optional<std::time_t> end,
            std::string_view outcome) {
    if (!end) return;
    const std::time_t whole = begin && *begin < *end ? *end - *begin : soon;
    if (*end - now_ > std::min(soon, whole / 10)) return;
    std::string sentence = *end <= now_ ? cat(what, " has expired on ", date(*end), ": ", outcome)
                                        : cat(what, " expires on ", date(*end), ", in ", left(*end - now_));
    if (std::find(found_.begin(), found_.end(), sentence) == found_.end()) found_.push_back(std::move(sentence));
  }
  static std::string left(std::time_t time) {
    if (time >= 2 * day) return cat(time / day, " days");
    return time >= 7200 ? cat(time / 3600, " hours") : cat(std::max<std::time_t>(1, time / 60), " minutes");
  }

  std::time_t now_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> expiring(SSL_CTX* context, std::time_t now) {
  Finder finder(now);
  finder.look(::SSL_CTX_get0_certificate(context));
  STACK_OF(X509)* chain = nullptr;
  ::SSL_CTX_get0_chain_certs(context, &chain);
  for (int i = 0; i < sk_X509_num(chain); ++i) finder.look(sk_X509_value(chain, i));
  const STACK_OF(X509_OBJECT)* store = ::X509_STORE_get0_objects(::SSL_CTX_get_cert_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(store); ++i) {
    const X509_OBJECT* object = sk_X509_OBJECT_value(store, i);
    if (::X509_OBJECT_get_type(object) == X509_LU_X509) finder.look(::X509_OBJECT_get0_X509(object));
    if (::X509_OBJECT_get_type(object) == X509_LU_CRL) {
      finder.look(::X509_OBJECT_get0_X509_CRL(const_cast<X509_OBJECT*>(object)));
    }
  }
  return finder.take();
}

}  // namespace logboom
