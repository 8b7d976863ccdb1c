// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/compose.hpp"

#include <algorithm>
#include <utility>

#include "driver/boot/ovmf/cpu_model.hpp"
#include "driver/boot/ovmf/footer.hpp"
#include "driver/boot/ovmf/hash_check.hpp"
#include "driver/boot/ovmf/hash_file.hpp"
#include "driver/boot/ovmf/image.hpp"
#include "driver/boot/ovmf/kernel_hashes.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::boot::ovmf {
namespace {

constexpr std::uint64_t kImageEnd = 4ULL << 30;
/// LAUNCH_UPDATE_DATA's unit, in bytes (SEV API).
constexpr std::uint32_t kUnit = 16;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kConfigUnsupported, message); }

sevcore::Region image_region(const spec::File& image) {
  const std::uint64_t size = size_of_image(image);
  return {GuestAddress(kImageEnd - size),       size, sevcore::PageType::kNormal, "firmware", image.path,
          sevcore::FileRange{image.fd, 0, size}};
}

/// What the image says of itself, looked at when something of it is needed: an image without the table can
/// start a guest of plain SEV that finds its kernel itself.
class ImageTable {
 public:
  ImageTable(Result<Footer, FooterFault> footer, std::string path)
      : footer_(footer), path_(std::move(path)) {}
  /// Throws Error with the table's fault.
  [[nodiscard]] const Footer& needed() const {
    if (!footer_) {
      refuse(explain(footer_.error(), path_));
    }
    return *footer_;
  }
  [[nodiscard]] std::optional<Block> secret() const { return footer_ ? footer_->secret : std::nullopt; }

 private:
  Result<Footer, FooterFault> footer_;
  std::string path_;
};

ImageTable table_of(const sevcore::Region& image) {
  const std::uint64_t length = std::min<std::uint64_t>(image.size, round_up(kFooterBytes, kPageSize));
  sevcore::Region end = image;
  end.size = length;
  end.content =
      sevcore::FileRange{std::get<sevcore::FileRange>(image.content).fd, image.size - length, length};
  Bytes bytes;
  sevcore::read_region(end, [&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  return {parse_footer(bytes), image.origin};
}

void check_digest(const Firmware& firmware) {
  if (!firmware.known_digest) {
    return;
  }
  if (const auto digest = hash_file(firmware.image); digest != *firmware.known_digest) {
    refuse(text("--firmware-digest: firmware '{}' has SHA-256 {}: it is not the image that you know",
                firmware.image.path, to_hex(digest)));
  }
}

/// A place for hashes says nothing of whether somebody looks at them. What its owner knows of the image
/// decides; else what is found in it. From the end of an image nothing boots, so its digest misleads nobody.
void check_enforcement(const Firmware& firmware) {
  if (firmware.known_digest) {
    return;
  }
  if (const HashCheck check = find_hash_check(firmware.image);
      check == HashCheck::kNotThere || check == HashCheck::kNotLegible) {
    refuse(explain(check, firmware.image.path));
  }
}

/// Where the hashes go. Where there is no such place, the host could exchange the kernel unnoticed.
Block place_of_hashes(const Footer& footer, const std::string& path) {
  if (!footer.kernel_hashes || footer.kernel_hashes->base == 0 || footer.kernel_hashes->size == 0) {
    refuse(text(
        "firmware '{}' has no place for a kernel's hashes, so --kernel, --initrd and --cmdline would not "
        "be measured; use the AmdSev build of OVMF (OVMF.amdsev.fd), or leave them out where the kernel "
        "lies on the guest's disk",
        path));
  }
  const Block block = *footer.kernel_hashes;
  if (block.size < kKernelHashesBytes || block.base % kUnit != 0) {
    refuse(
        text("firmware '{}' wants a kernel's hashes in {} bytes at {:#x}; they take {}, at a multiple of {}",
             path, block.size, block.base, kKernelHashesBytes, kUnit));
  }
  return block;
}

sevcore::Region hashes_region(const spec::BootSpecification& specification, const Block& place) {
  KernelHashes hashes;
  sevcore::crypto::Sha256 line;
  line.update(bytes_of(specification.command_line));
  line.update(ByteArray<1>{});
  hashes.command_line = line.digest();
  hashes.initrd = specification.initrd ? hash_file(*specification.initrd) : sevcore::crypto::sha256({});
  hashes.kernel = hash_file(specification.kernel);
  const auto table = kernel_hashes_table(hashes);
  return {GuestAddress(place.base),   table.size(),
          sevcore::PageType::kNormal, "kernel hashes",
          specification.kernel.path,  Bytes(table.begin(), table.end())};
}

std::vector<sevcore::VcpuState> vcpus(std::uint32_t count, const Firmware& firmware, const Footer& footer) {
  if (!firmware.cpu_signature) {
    refuse(
        text("SEV-ES measures the vCPUs' model: give --cpu-model ({}) or --cpu-signature", known_models()));
  }
  if (!footer.reset_address) {
    refuse(text("firmware '{}' is not built for SEV-ES: it has no reset address for it; use a newer OVMF",
                firmware.image.path));
  }
  sevcore::VcpuState first;
  first.rdx = *firmware.cpu_signature;
  sevcore::VcpuState other = first;
  other.cs.base = *footer.reset_address & 0xffff0000U;
  other.rip = *footer.reset_address & 0xffffU;
  std::vector<sevcore::VcpuState> states(count, other);
  states.front() = first;
  return states;
}

}  // namespace

sevcore::LaunchPlan compose(const spec::BootSpecification& specification, const Firmware& firmware) {
  const bool has_kernel = specification.kernel.fd >= 0;
  if (!has_kernel && (specification.initrd || !specification.command_line.empty())) {
    refuse(text("--initrd and --cmdline need --kernel: firmware takes all three or none from the host"));
  }
  sevcore::LaunchPlan plan;
  plan.regions.push_back(image_region(firmware.image));
  check_digest(firmware);
  const ImageTable table = table_of(plan.regions.front());
  if (has_kernel) {
    const Block place = place_of_hashes(table.needed(), firmware.image.path);
    check_enforcement(firmware);
    plan.regions.push_back(hashes_region(specification, place));
  }
  plan.encrypted_state = sevcore::Policy(specification.policy).has(sevcore::PolicyBit::kEs);
  if (plan.encrypted_state) {
    plan.vcpus = vcpus(std::max(specification.vcpus, 1U), firmware, table.needed());
  }
  plan.vmsa_flavour = specification.vmsa_flavour == spec::VmsaFlavour::kLegacy ? sevcore::VmsaFlavour::kLegacy
                                                                               : sevcore::VmsaFlavour::kInit2;
  if (const std::optional<Block> secret = table.secret()) {
    plan.secret = {GuestAddress(secret->base), secret->size};
  }
  return plan;
}

}  // namespace virtsev::boot::ovmf
