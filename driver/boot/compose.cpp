// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/compose.hpp"

#include <utility>

#include "driver/boot/acpi/tables.hpp"
#include "driver/boot/boot_file.hpp"
#include "driver/boot/check.hpp"
#include "driver/boot/linux/boot_params.hpp"
#include "driver/boot/linux/entry_state.hpp"
#include "driver/boot/memory_layout.hpp"
#include "driver/boot/placement.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/launch/policy.hpp"

namespace virtsev::boot {
namespace {

constexpr const char* kOrigin = spec::kMachineQ35_1_0;

sevcore::Region built(layout::Window window, const char* name, Bytes bytes) {
  return {window.start,    round_up(bytes.size(), kPageSize), sevcore::PageType::kNormal, name, kOrigin,
          std::move(bytes)};
}

sevcore::Region loaded(GuestAddress address, const char* name, const spec::File& file, std::uint64_t offset,
                       std::uint64_t length) {
  return {address,
          round_up(length, kPageSize),
          sevcore::PageType::kNormal,
          name,
          file.path,
          sevcore::FileRange{file.fd, offset, length}};
}

std::uint64_t initrd_size(const spec::BootSpecification& specification) {
  if (!specification.initrd) {
    return 0;
  }
  const std::uint64_t size = size_of(*specification.initrd);
  if (size == 0) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("initrd '{}' is empty; name one with content, or leave <initrd> out",
                     specification.initrd->path));
  }
  return size;
}

Bytes command_line_bytes(const spec::BootSpecification& specification) {
  const ByteView line = bytes_of(specification.command_line);
  return {line.begin(), line.end()};
}

}  // namespace

sevcore::LaunchPlan compose(const spec::BootSpecification& specification) {
  check(specification);
  BzImage kernel = read_kernel(specification.kernel);
  check_command_line(specification, kernel);
  const std::uint64_t initrd_bytes = initrd_size(specification);
  const GuestAddress initrd = place_initrd(specification, kernel, initrd_bytes);
  acpi::Tables tables = acpi::make_tables(specification.vcpus);

  BootParams parameters;
  parameters.setup_header = std::move(kernel.setup_header);
  parameters.initrd = initrd;
  parameters.initrd_size = initrd_bytes;
  parameters.rsdp = tables.rsdp;
  parameters.memory = memory_map(specification.memory_bytes);

  sevcore::LaunchPlan plan;
  plan.encrypted_state =
      !specification.unprotected && sevcore::Policy(specification.policy).has(sevcore::PolicyBit::kEs);
  const bool resets_by_ghcb = plan.encrypted_state && reboots_by_reset_vector(specification.command_line);
  // This order is part of the machine: the launch digest depends on it.
  plan.regions.push_back(built(layout::kBiosDataArea, "BIOS data area", bios_data_area_page()));
  plan.regions.push_back(built(layout::kGdt, "GDT", gdt_page()));
  plan.regions.push_back(built(layout::kBootParams, "boot parameters", boot_params_page(parameters)));
  plan.regions.push_back(built(layout::kCommandLine, "command line", command_line_bytes(specification)));
  plan.regions.back().size = layout::kCommandLine.size;
  plan.regions.push_back(built(layout::kResetVector, "reset vector",
                               resets_by_ghcb ? encrypted_reset_vector_page() : reset_vector_page()));
  plan.regions.push_back(built(layout::kSecret, "secret page", secret_page()));
  plan.regions.push_back(built(layout::kAcpiTables, "ACPI tables", std::move(tables.bytes)));
  plan.regions.push_back(
      loaded(layout::kKernel, "kernel", specification.kernel, kernel.code_offset, kernel.code_size));
  if (initrd_bytes != 0) {
    plan.regions.push_back(loaded(initrd, "initrd", *specification.initrd, 0, initrd_bytes));
  }
  plan.vcpus = entry_states(specification.vcpus);
  plan.vmsa_flavour = specification.vmsa_flavour == spec::VmsaFlavour::kLegacy ? sevcore::VmsaFlavour::kLegacy
                                                                               : sevcore::VmsaFlavour::kInit2;
  plan.secret = {layout::kSecret.start + layout::kSecretDataOffset,
                 layout::kSecret.size - layout::kSecretDataOffset};
  return plan;
}

}  // namespace virtsev::boot
