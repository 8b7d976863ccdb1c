// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages that OVMF wants of whoever launches it under SEV-SNP, beside its image.
#pragma once

#include <cstdint>
#include <vector>

#include "driver/boot/ovmf/footer.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::boot::ovmf {

/// As the image numbers them (edk2, OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm).
enum class SnpSectionKind : std::uint32_t {
  kMemory = 1,          ///< Validated zeros
  kSecrets = 2,         ///< The secrets page, which the firmware fills
  kCpuid = 3,           ///< The CPUID page, which the firmware checks
  kCallingArea = 4,     ///< Of an SVSM: zeros
  kKernelHashes = 0x10  ///< The page with the table of a kernel's hashes; zeros without a kernel
};

struct SnpSection {
  Block block;
  SnpSectionKind kind = SnpSectionKind::kMemory;
  friend bool operator==(const SnpSection&, const SnpSection&) = default;
};

/// Reads them, in their order: a heading ("ASEV", length, version 1, number of sections; 32 bits each), then
/// for each section its address, size and kind; all little-endian. `image_end`: the image's last bytes;
/// `offset`: from the image's end. FooterFault::kBroken where they lie elsewhere, or a section is not of
/// whole pages, or of a kind that is not known: what it means for the digest is not known either.
Result<std::vector<SnpSection>, FooterFault> parse_snp_sections(ByteView image_end, std::uint32_t offset);

}  // namespace virtsev::boot::ovmf
