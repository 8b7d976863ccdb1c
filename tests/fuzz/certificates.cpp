// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a file of certificates, binary or base64, as `virtsev platform` reads it: refused, or
// certificates that are the same after they were written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "driver/cli/platform/certificate_files.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace {

using namespace virtsev;

void check(const std::optional<sevcore::SevCertificate>& certificate) {
  if (certificate) {
    const auto again = sevcore::parse_sev_certificate(sevcore::serialise(*certificate));
    if (!again || *again != *certificate) {
      std::abort();
    }
  }
}

void check(const std::optional<sevcore::AmdCertificate>& certificate) {
  if (certificate) {
    const auto again = sevcore::parse_amd_certificate(sevcore::serialise(*certificate));
    if (!again || *again != *certificate) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const UniqueFd file(::memfd_create("certificates", MFD_CLOEXEC));
  if (::write(file.get(), data, size) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  try {
    const cli::CertificateSet set = cli::read_certificates({"/proc/self/fd/" + std::to_string(file.get())});
    for (const auto* certificate : {&set.pdh, &set.pek, &set.oca, &set.cek}) {
      check(*certificate);
    }
    check(set.ask);
    check(set.ark);
    if (set.complete()) {
      static_cast<void>(sevcore::verify_chain(set.platform()));
    }
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
