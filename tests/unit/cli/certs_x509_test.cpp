#include "cli/certs_x509.hpp"

#include <gmock/gmock.h>
#include <openssl/x509v3.h>

namespace logboom {
namespace {

using testing::ElementsAre;

constexpr std::time_t day = 86400;

Certificate make_ca(int days = ca_days, bool rsa = false) {
  Certificate ca{nullptr, make_private_key(rsa)};
  ca.certificate = make_ca_certificate(ca.key.get(), "test", days);
  return ca;
}

LeafRequest request(int days = 30) {
  return {Purpose::server, "a.example", server_names({"a.example", "*.b.example", "192.0.2.1", "::1"}), days};
}

std::vector<std::string> entries(const X509* certificate) {
  std::vector<std::string> out;
  for (const AltName& name : alt_names(certificate)) out.push_back(name.entry());
  return out;
}

std::time_t ends(const X509Ptr& certificate) { return time_of(::X509_get0_notAfter(certificate.get())); }

TEST(Certs, a_leaf_has_its_names_its_purpose_and_its_ca) {
  const Certificate ca = make_ca();
  const KeyPtr key = make_private_key(false);
  const X509Ptr leaf = make_leaf_certificate(request(), key.get(), ca);
  EXPECT_THAT(entries(leaf.get()), ElementsAre("DNS:a.example", "DNS:*.b.example", "IP:192.0.2.1", "IP:::1"));
  EXPECT_EQ(purpose_of(leaf.get()), Purpose::server);
  EXPECT_EQ(purpose_of(ca.certificate.get()), Purpose::ca);
  EXPECT_TRUE(is_signed_by(leaf.get(), ca.certificate.get()));
  EXPECT_FALSE(is_signed_by(leaf.get(), make_ca().certificate.get()));
  EXPECT_EQ(::X509_check_host(leaf.get(), "x.b.example", 0, 0, nullptr), 1);
  EXPECT_EQ(::X509_check_ip_asc(leaf.get(), "192.0.2.1", 0), 1);
}

TEST(Certs, a_leaf_ends_with_its_ca_at_the_latest) {
  const Certificate ca = make_ca(10);
  const KeyPtr key = make_private_key(false);
  EXPECT_EQ(ends(make_leaf_certificate(request(30), key.get(), ca)), ends(ca.certificate));
  EXPECT_LT(ends(make_leaf_certificate(request(5), key.get(), ca)), std::time(nullptr) + 5 * day);
}

TEST(Certs, numbers_are_random_and_positive) {
  const Certificate ca = make_ca();
  const KeyPtr key = make_private_key(false);
  const X509Ptr a = make_leaf_certificate(request(), key.get(), ca);
  const X509Ptr b = make_leaf_certificate(request(), key.get(), ca);
  EXPECT_NE(serial_text(::X509_get0_serialNumber(a.get())), serial_text(::X509_get0_serialNumber(b.get())));
  EXPECT_EQ(serial_text(::X509_get0_serialNumber(a.get())).size(), 40U);
}

TEST(Certs, renewed_it_keeps_names_purpose_and_key) {
  const Certificate ca = make_ca();
  const KeyPtr key = make_private_key(false);
  const X509Ptr old = make_leaf_certificate(request(1), key.get(), ca);
  const X509Ptr made = renew_certificate(old.get(), ::X509_get0_pubkey(old.get()), ca, 90);
  EXPECT_EQ(entries(made.get()), entries(old.get()));
  EXPECT_EQ(purpose_of(made.get()), Purpose::server);
  EXPECT_EQ(::X509_check_private_key(made.get(), key.get()), 1);
  EXPECT_TRUE(is_signed_by(made.get(), ca.certificate.get()));
  EXPECT_GT(ends(made), ends(old) + 80 * day);
  EXPECT_NE(::ASN1_INTEGER_cmp(::X509_get0_serialNumber(made.get()), ::X509_get0_serialNumber(old.get())), 0);
}

TEST(Certs, a_renewed_ca_still_vouches_for_what_it_has_signed) {
  const Certificate ca = make_ca(1);
  const KeyPtr key = make_private_key(false);
  const X509Ptr leaf = make_leaf_certificate(request(), key.get(), ca);
  const X509Ptr made = renew_certificate(ca.certificate.get(), ca.key.get(), ca, ca_days);
  EXPECT_TRUE(is_signed_by(leaf.get(), made.get()));
  EXPECT_TRUE(is_signed_by(made.get(), made.get()));
  EXPECT_GT(ends(made), ends(ca.certificate) + 3000 * day);
}

TEST(Certs, a_list_holds_what_was_revoked_once) {
  const Certificate ca = make_ca();
  const KeyPtr key = make_private_key(false);
  const X509Ptr a = make_leaf_certificate(request(), key.get(), ca);
  const X509Ptr b = make_leaf_certificate(request(), key.get(), ca);
  const CrlPtr none = make_crl(ca);
  const CrlPtr one = renew_crl(none.get(), ::X509_get0_serialNumber(a.get()), ca);
  const CrlPtr same = renew_crl(one.get(), ::X509_get0_serialNumber(a.get()), ca);
  EXPECT_FALSE(is_revoked(none.get(), ::X509_get0_serialNumber(a.get())));
  EXPECT_TRUE(is_revoked(same.get(), ::X509_get0_serialNumber(a.get())));
  EXPECT_FALSE(is_revoked(same.get(), ::X509_get0_serialNumber(b.get())));
  EXPECT_EQ(sk_X509_REVOKED_num(::X509_CRL_get_REVOKED(same.get())), 1);
  EXPECT_EQ(::X509_CRL_verify(same.get(), ca.key.get()), 1);
  EXPECT_EQ(time_of(::X509_CRL_get0_nextUpdate(same.get())), ends(ca.certificate));
}

}  // namespace
}  // namespace logboom
