// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/direct_boot.hpp"

#include <utility>

#include "driver/boot/acpi/tables.hpp"
#include "driver/boot/files/file_size.hpp"
#include "driver/boot/linux/boot_params.hpp"
#include "driver/boot/linux/check.hpp"
#include "driver/boot/linux/entry_state.hpp"
#include "driver/boot/linux/placement.hpp"
#include "driver/boot/linux/read_kernel.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {
namespace {

constexpr const char* kOrigin = machine::kQ35_1_0;

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

std::uint64_t initrd_size(const spec::Payload& payload) {
  if (!payload.initrd) {
    return 0;
  }
  const std::uint64_t size = size_of(*payload.initrd);
  if (size == 0) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("initrd '{}' is empty; name one with content, or leave <initrd> out", payload.initrd->path));
  }
  return size;
}

Bytes command_line_bytes(const spec::Payload& payload) {
  const ByteView line = bytes_of(payload.command_line);
  return {line.begin(), line.end()};
}

}  // namespace

sevcore::LaunchPlan compose_direct_boot(const spec::Machine& machine, const spec::Payload& payload) {
  check(machine);
  BzImage kernel = read_kernel(payload.kernel);
  check_command_line(payload, kernel);
  const std::uint64_t initrd_bytes = initrd_size(payload);
  const GuestAddress initrd = place_initrd(payload, machine.memory_bytes, kernel, initrd_bytes);
  acpi::Tables tables = acpi::make_tables(machine.vcpus);

  BootParams parameters;
  parameters.setup_header = std::move(kernel.setup_header);
  parameters.initrd = initrd;
  parameters.initrd_size = initrd_bytes;
  parameters.rsdp = tables.rsdp;
  parameters.memory = memory_map(machine.memory_bytes);

  sevcore::LaunchPlan plan;
  plan.protection = machine.protection;
  const bool resets_by_ghcb =
      sevcore::encrypts_state(plan.protection) && reboots_by_reset_vector(payload.command_line);
  // This order is part of the machine: the launch digest depends on it.
  plan.regions.push_back(built(layout::kBiosDataArea, "BIOS data area", bios_data_area_page()));
  plan.regions.push_back(built(layout::kGdt, "GDT", gdt_page()));
  plan.regions.push_back(built(layout::kBootParams, "boot parameters", boot_params_page(parameters)));
  plan.regions.push_back(built(layout::kCommandLine, "command line", command_line_bytes(payload)));
  plan.regions.back().size = layout::kCommandLine.size;
  plan.regions.push_back(built(layout::kResetVector, "reset vector",
                               resets_by_ghcb ? encrypted_reset_vector_page() : reset_vector_page()));
  plan.regions.push_back(built(layout::kSecret, "secret page", secret_page()));
  plan.regions.push_back(built(layout::kAcpiTables, "ACPI tables", std::move(tables.bytes)));
  plan.regions.push_back(
      loaded(layout::kKernel, "kernel", payload.kernel, kernel.code_offset, kernel.code_size));
  if (initrd_bytes != 0) {
    plan.regions.push_back(loaded(initrd, "initrd", *payload.initrd, 0, initrd_bytes));
  }
  plan.vcpus = entry_states(machine.vcpus);
  plan.secret = {layout::kSecret.start + layout::kSecretDataOffset,
                 layout::kSecret.size - layout::kSecretDataOffset};
  return plan;
}

}  // namespace virtsev::boot
