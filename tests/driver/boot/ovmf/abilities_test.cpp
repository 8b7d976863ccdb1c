// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/abilities.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"
#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"
#include "tests/driver/boot/ovmf/synthetic_volume.hpp"

namespace virtsev::boot::ovmf::test {
namespace {

const sevcore::Protection kSev = sevcore::make_protection(sevcore::Policy(1));
const sevcore::Protection kSevEs = sevcore::make_protection(sevcore::Policy(7));

std::string reason(const Bytes& image, const sevcore::Protection& protection) {
  const UniqueFd file(::memfd_create("image", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), image.data(), image.size()), static_cast<ssize_t>(image.size()));
  return reason_against({file.get(), "OVMF.fd"}, protection).value_or("");
}

/// The image's last volume has code for this machine.
Bytes image_with_first_code(std::uint16_t machine) {
  Table table;
  table.checks_hashes = false;
  Bytes image = synthetic_firmware(table);
  Bytes code(64);
  code[0] = 'V';
  code[1] = 'Z';
  put_le<std::uint16_t>(code, 2, machine);
  const Bytes last = volume({file(kDriver, section(kPe32, code))}, kPageSize);
  std::copy(last.begin(), last.end(), image.begin());
  return image;
}

TEST(Abilities, CodeThatBeginsIn32BitStartsNoProtectedGuest) {
  constexpr std::uint16_t kIa32 = 0x14c;
  constexpr std::uint16_t kX64 = 0x8664;
  EXPECT_EQ(reason(image_with_first_code(kIa32), kSevEs),
            "firmware 'OVMF.fd' is not built for SEV-ES: its first code is 32-bit");
  EXPECT_EQ(reason(image_with_first_code(kIa32), kSev),
            "firmware 'OVMF.fd' begins with 32-bit code, with which no SEV guest has been seen to start its "
            "kernel");
  EXPECT_EQ(reason(image_with_first_code(kIa32), sevcore::Unprotected{}), "");
  EXPECT_EQ(reason(image_with_first_code(kX64), kSev), "");
  EXPECT_EQ(reason(image_with_first_code(kX64), kSevEs), "");
}

TEST(Abilities, SevEsNeedsAResetAddress) {
  Table table;
  table.reset = false;
  EXPECT_EQ(reason(synthetic_firmware(table), kSevEs),
            "firmware 'OVMF.fd' is not built for SEV-ES: it has no reset address for it");
  EXPECT_EQ(reason(synthetic_firmware(table), kSev), "");
  EXPECT_NE(reason(Bytes(8192), kSevEs), "") << "no table at all";
}

}  // namespace
}  // namespace virtsev::boot::ovmf::test
