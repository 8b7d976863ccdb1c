// SPDX-License-Identifier: LGPL-2.1-or-later
// What passes between owner and platform. Formats: refused, or the same after they were written and read
// again. Sealed ones: any byte that is changed on the way is refused.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sevcore/abi/attestation_report.hpp"
#include "sevcore/abi/measurement.hpp"
#include "sevcore/abi/session.hpp"
#include "sevcore/owner/secret.hpp"
#include "sevcore/owner/secret_table.hpp"

namespace {

using namespace virtsev;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

const sevcore::TransportKeys& keys() {
  static const sevcore::TransportKeys kKeys({1, 2, 3}, {4, 5, 6});
  return kKeys;
}

/// The input laid over a sealed value, by exclusive or.
template <typename Sealed>
Sealed changed(const Sealed& sealed, ByteView input) {
  Sealed other = sealed;
  for (std::size_t i = 0; i < std::min(other.size(), input.size()); ++i) {
    other[i] ^= input[i];
  }
  return other;
}

void session(ByteView input) {
  static const ByteArray<48> kSecret = {7, 8, 9};
  static const sevcore::Policy kPolicy(5);
  static const sevcore::SessionBlob kBlob = sevcore::wrap_session(kSecret, {1}, {2}, keys(), kPolicy);
  // The nonce is covered by the key that is derived with it, the IV by the policy's MAC under the key that it
  // opens.
  const sevcore::SessionBlob other = changed(kBlob, input);
  require(sevcore::unwrap_session(kSecret, other, kPolicy).has_value() == (other == kBlob));
  static_cast<void>(sevcore::unwrap_session(kSecret, input, kPolicy));
}

void owner_certificate(ByteView input) {
  static const sevcore::crypto::EcKey kPdh = sevcore::crypto::EcKey::generate();
  const std::size_t end = std::min<std::size_t>(input.size(), sevcore::SevCertificate::kSize);
  require(!sevcore::open_session(kPdh, input.first(end), input.subspan(end), sevcore::Policy(5)));
}

void report(ByteView input) {
  const auto report = sevcore::parse_attestation_report(input);
  if (report) {
    const auto bytes = sevcore::serialise(*report);
    require(std::equal(bytes.begin(), bytes.end(), input.begin(), input.end()));
  }
}

void measurement(ByteView input) {
  const auto measurement = sevcore::parse_measurement(input);
  if (measurement) {
    require(sevcore::parse_measurement(sevcore::serialise(*measurement)) == measurement);
  }
}

void secret(ByteView input) {
  static const Bytes kPlain(64, 'p');
  static const sevcore::Measurement kMeasurement{{1}, {2}};
  static const sevcore::SecretPacket kPacket =
      sevcore::pack_secret(keys(), kMeasurement, kPlain, ByteArray<16>{3});
  const auto header = changed(kPacket.header, input);
  const Bytes data = changed(kPacket.data, input.subspan(std::min(input.size(), header.size())));
  const auto opened =
      sevcore::open_secret(keys(), kMeasurement, header, data, static_cast<std::uint32_t>(data.size()));
  require(opened.has_value() == (header == kPacket.header && data == kPacket.data));
  require(!opened || *opened == kPlain);
  const std::size_t end = std::min<std::size_t>(input.size(), sevcore::SecretPacket::kHeaderSize);
  static_cast<void>(sevcore::open_secret(keys(), kMeasurement, input.first(end), input.subspan(end), 64));
}

void table(ByteView input) {
  const auto entries = sevcore::parse_secret_table(input);
  if (entries) {
    require(sevcore::parse_secret_table(sevcore::build_secret_table(*entries)) == entries);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr void (*kFormats[])(ByteView) = {session, owner_certificate, report, measurement, secret, table};
  if (size == 0) {
    return 0;
  }
  kFormats[data[0] % std::size(kFormats)]({data + 1, size - 1});
  return 0;
}
