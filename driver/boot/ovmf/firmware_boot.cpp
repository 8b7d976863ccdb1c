// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/firmware_boot.hpp"

#include <algorithm>
#include <utility>

#include "driver/boot/files/hash_file.hpp"
#include "driver/boot/ovmf/footer.hpp"
#include "driver/boot/ovmf/image.hpp"
#include "driver/boot/ovmf/kernel_hashes.hpp"
#include "driver/boot/ovmf/snp_sections.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "sevcore/machine/cpu_model.hpp"

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
  explicit ImageTable(const sevcore::Region& image) : path_(image.origin) {
    const std::uint64_t length = std::min<std::uint64_t>(image.size, round_up(kFooterBytes, kPageSize));
    sevcore::Region end = image;
    end.size = length;
    end.content =
        sevcore::FileRange{std::get<sevcore::FileRange>(image.content).fd, image.size - length, length};
    sevcore::read_region(end, [&](ByteView piece) { end_.insert(end_.end(), piece.begin(), piece.end()); });
    footer_ = parse_footer(end_);
  }
  /// Throws Error with the table's fault.
  [[nodiscard]] const Footer& needed() const {
    if (!footer_) {
      refuse(explain(footer_.error(), path_));
    }
    return *footer_;
  }
  [[nodiscard]] std::optional<Block> secret() const { return footer_ ? footer_->secret : std::nullopt; }
  /// Throws Error where there are none, or they can't be read.
  [[nodiscard]] std::vector<SnpSection> snp_sections() const {
    if (!needed().snp_sections) {
      refuse(
          text("firmware '{}' is not built for SEV-SNP: it does not say which pages it wants; use a newer "
               "OVMF",
               path_));
    }
    auto sections = parse_snp_sections(end_, *needed().snp_sections);
    if (!sections) {
      refuse(explain(sections.error(), path_));
    }
    return std::move(*sections);
  }

 private:
  Result<Footer, FooterFault> footer_ = unexpected(FooterFault::kNone);
  std::string path_;
  Bytes end_;
};

void check_digest(const spec::FirmwareBoot& boot) {
  if (!boot.known_digest) {
    return;
  }
  if (const auto digest = hash_file(boot.image); digest != *boot.known_digest) {
    refuse(text("--firmware-digest: firmware '{}' has SHA-256 {}: it is not the image that you know",
                boot.image.path, to_hex(digest)));
  }
}

std::string no_place_for_hashes(const std::string& path) {
  return text(
      "firmware '{}' has no place for a kernel's hashes, so --kernel, --initrd and --cmdline would not "
      "be measured; use the AmdSev build of OVMF (OVMF.amdsev.fd), or leave them out where the kernel "
      "lies on the guest's disk",
      path);
}

/// Where the hashes go. Where there is no such place, the host could exchange the kernel unnoticed.
Block place_of_hashes(const Footer& footer, const std::string& path) {
  if (!footer.kernel_hashes || footer.kernel_hashes->base == 0 || footer.kernel_hashes->size == 0) {
    refuse(no_place_for_hashes(path));
  }
  const Block block = *footer.kernel_hashes;
  if (block.size < kKernelHashesBytes || block.base % kUnit != 0) {
    refuse(
        text("firmware '{}' wants a kernel's hashes in {} bytes at {:#x}; they take {}, at a multiple of {}",
             path, block.size, block.base, kKernelHashesBytes, kUnit));
  }
  return block;
}

Bytes hashes_table(const spec::Payload& payload) {
  KernelHashes hashes;
  sevcore::crypto::Sha256 line;
  line.update(bytes_of(payload.command_line));
  line.update(ByteArray<1>{});
  hashes.command_line = line.digest();
  hashes.initrd = payload.initrd ? hash_file(*payload.initrd) : sevcore::crypto::sha256({});
  hashes.kernel = hash_file(payload.kernel);
  const auto table = kernel_hashes_table(hashes);
  return {table.begin(), table.end()};
}

sevcore::Region hashes_region(const spec::Payload& payload, const Block& place) {
  Bytes table = hashes_table(payload);
  const std::uint64_t size = table.size();
  return {GuestAddress(place.base), size, sevcore::PageType::kNormal, "kernel hashes", payload.kernel.path,
          std::move(table)};
}

/// SEV-SNP measures whole pages: the table, with zeros before and behind it.
sevcore::Region hashes_page(const spec::Payload& payload, const Block& place, const Block& section,
                            const std::string& path) {
  const Bytes table = hashes_table(payload);
  const std::uint64_t offset = place.base - section.base;
  if (place.base < section.base || offset + table.size() > section.size) {
    refuse(
        text("firmware '{}' is damaged: its place for a kernel's hashes, {:#x}, is outside the page that it "
             "wants for them; install it again",
             path, place.base));
  }
  Bytes page(section.size);
  std::copy(table.begin(), table.end(), page.begin() + static_cast<std::ptrdiff_t>(offset));
  return {GuestAddress(section.base), section.size,   sevcore::PageType::kNormal, "kernel hashes",
          payload.kernel.path,        std::move(page)};
}

/// What one section becomes; `hashes`: the page of a kernel's hashes, where there is a kernel.
sevcore::Region section_region(const SnpSection& section, std::optional<sevcore::Region> hashes,
                               const std::string& path) {
  const auto region = [&](sevcore::PageType type, const char* name) {
    return sevcore::Region{GuestAddress(section.block.base), section.block.size, type, name, path, Bytes()};
  };
  switch (section.kind) {
    case SnpSectionKind::kMemory:
      return region(sevcore::PageType::kZero, "firmware memory");
    case SnpSectionKind::kSecrets:
      return region(sevcore::PageType::kSecrets, "secrets page");
    case SnpSectionKind::kCpuid:
      return region(sevcore::PageType::kCpuid, "CPUID page");
    case SnpSectionKind::kCallingArea:
      return region(sevcore::PageType::kZero, "calling area");
    case SnpSectionKind::kKernelHashes:
      break;
  }
  return hashes ? std::move(*hashes) : region(sevcore::PageType::kZero, "kernel hashes, none");
}

void add_snp_sections(std::vector<sevcore::Region>& regions, const ImageTable& table,
                      const spec::FirmwareBoot& boot) {
  bool placed = false;
  for (const SnpSection& section : table.snp_sections()) {
    std::optional<sevcore::Region> hashes;
    if (boot.payload && section.kind == SnpSectionKind::kKernelHashes) {
      hashes = hashes_page(*boot.payload, place_of_hashes(table.needed(), boot.image.path), section.block,
                           boot.image.path);
      placed = true;
    }
    regions.push_back(section_region(section, std::move(hashes), boot.image.path));
  }
  if (boot.payload && !placed) {
    refuse(no_place_for_hashes(boot.image.path));
  }
}

std::vector<sevcore::VcpuState> vcpus(const spec::Machine& machine, const std::string& path,
                                      const Footer& footer) {
  if (!machine.cpu.signature) {
    refuse(text("{} measures the vCPUs' model: give --cpu-model ({}) or --cpu-signature",
                sevcore::name_of(machine.protection), machine::known_models()));
  }
  if (!footer.reset_address) {
    refuse(text("firmware '{}' is not built for SEV-ES: it has no reset address for it; use a newer OVMF",
                path));
  }
  sevcore::VcpuState first;
  first.rdx = *machine.cpu.signature;
  sevcore::VcpuState other = first;
  other.cs.base = *footer.reset_address & 0xffff0000U;
  other.rip = *footer.reset_address & 0xffffU;
  std::vector<sevcore::VcpuState> states(std::max(machine.vcpus, 1U), other);
  states.front() = first;
  return states;
}

}  // namespace

sevcore::LaunchPlan compose_firmware_boot(const spec::Machine& machine, const spec::FirmwareBoot& boot) {
  sevcore::LaunchPlan plan;
  plan.protection = machine.protection;
  plan.regions.push_back(image_region(boot.image));
  check_digest(boot);
  const ImageTable table(plan.regions.front());
  if (std::holds_alternative<sevcore::Snp>(machine.protection)) {
    add_snp_sections(plan.regions, table, boot);
  } else if (boot.payload) {
    plan.regions.push_back(hashes_region(*boot.payload, place_of_hashes(table.needed(), boot.image.path)));
  }
  if (sevcore::encrypts_state(machine.protection)) {
    plan.vcpus = vcpus(machine, boot.image.path, table.needed());
  }
  // SEV-SNP has no LAUNCH_SECRET: its guests ask for theirs with a report.
  if (const std::optional<Block> secret = table.secret();
      secret && !std::holds_alternative<sevcore::Snp>(machine.protection)) {
    plan.secret = {GuestAddress(secret->base), secret->size};
  }
  return plan;
}

}  // namespace virtsev::boot::ovmf
