// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/firmware_tables.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "driver/boot/acpi/dsdt.hpp"
#include "driver/boot/acpi/fadt.hpp"
#include "driver/boot/acpi/madt.hpp"
#include "driver/boot/acpi/mcfg.hpp"
#include "driver/boot/acpi/root_tables.hpp"
#include "driver/boot/acpi/table.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/firmware_layout.hpp"

namespace virtsev::boot::acpi {
namespace {

constexpr std::size_t kAlignment = 64;

/// A range of memory in the DSDT: DWordMemory's bounds (ACPI 6.4, 6.4.3.5.2), as dsdt.asl has them.
void put_window(MutableBytes table, const layout::Window& from, const layout::Window& to) {
  constexpr std::size_t kBoundsBytes = 16;
  const auto bounds = [](const layout::Window& window) {
    ByteArray<kBoundsBytes> bytes{};
    put_le<std::uint32_t>(bytes, 0, static_cast<std::uint32_t>(window.start.value()));
    put_le<std::uint32_t>(bytes, 4, static_cast<std::uint32_t>(window.end().value() - 1));
    put_le<std::uint32_t>(bytes, 12, static_cast<std::uint32_t>(window.size));
    return bytes;
  };
  const auto wanted = bounds(from);
  const auto found = std::search(table.begin(), table.end(), wanted.begin(), wanted.end());
  if (found == table.end()) {
    throw Error(ErrorCode::kInternal, text("the DSDT does not have the window at {:#x}", from.start.value()));
  }
  const auto value = bounds(to);
  std::copy(value.begin(), value.end(), found);
}

/// Where OVMF puts BARs: from its choice of configuration space on, above or below it.
layout::Window bars(const FirmwareChoice& choice) {
  if (choice.configuration < layout::kMmio32.start) {
    return layout::kMmio32;
  }
  const GuestAddress start = layout::firmware_mmio32(choice.memory_bytes);
  return {start, choice.configuration - start};
}

Bytes dsdt_for(const FirmwareChoice& choice) {
  const ByteView compiled = dsdt();
  Bytes table(compiled.begin(), compiled.end());
  put_window(table, layout::kMmio32, bars(choice));
  put_window(table, layout::kPciEcam, {choice.configuration, layout::kPciEcam.size});
  put_checksum(table, 0, table.size(), kChecksum);
  return table;
}

/// Where each lies in the file of tables.
struct Places {
  std::size_t dsdt = 0, fadt = 0, madt = 0, mcfg = 0, xsdt = 0;
  static constexpr std::size_t kNamedByXsdt = 3;
};

struct Laid {
  Bytes bytes;
  Places places;
};

Laid lay_out(std::uint32_t vcpus, const FirmwareChoice& choice) {
  Laid laid;
  const auto append = [&bytes = laid.bytes](const Bytes& table) {
    const std::size_t at = bytes.size();
    bytes.insert(bytes.end(), table.begin(), table.end());
    bytes.resize(round_up(bytes.size(), kAlignment));
    return at;
  };
  Places& places = laid.places;
  places.dsdt = append(dsdt_for(choice));
  places.fadt = append(make_fadt(GuestAddress(places.dsdt)));
  places.madt = append(make_madt(vcpus));
  places.mcfg = append(make_mcfg(choice.configuration));
  places.xsdt =
      append(make_xsdt({GuestAddress(places.fadt), GuestAddress(places.madt), GuestAddress(places.mcfg)}));
  // The loader's commands make these: a sum that counts the byte in has to find it 0.
  laid.bytes[places.fadt + kChecksum] = 0;
  laid.bytes[places.xsdt + kChecksum] = 0;
  return laid;
}

/// The choice changes no place.
Places places_of(std::uint32_t vcpus) { return lay_out(vcpus, {layout::kPciEcam.start, 0}).places; }

class Loader {
 public:
  enum class Zone : std::uint8_t { kHigh = 1, kBelow1MiB = 2 };

  void allocate(std::string_view file, std::uint32_t alignment, Zone zone) {
    MutableBytes command = next(1);
    put_name(command, 4, file);
    put_le<std::uint32_t>(command, 60, alignment);
    command[64] = static_cast<std::uint8_t>(zone);
  }
  /// Adds the place of file `to` to the number at `offset` in `in`.
  void add_pointer(std::string_view in, std::string_view to, std::size_t offset, std::uint8_t size) {
    MutableBytes command = next(2);
    put_name(command, 4, in);
    put_name(command, 60, to);
    put_le<std::uint32_t>(command, 116, static_cast<std::uint32_t>(offset));
    command[120] = size;
  }
  void add_checksum(std::string_view file, std::size_t at, std::size_t start, std::size_t size) {
    MutableBytes command = next(3);
    put_name(command, 4, file);
    put_le<std::uint32_t>(command, 60, static_cast<std::uint32_t>(at));
    put_le<std::uint32_t>(command, 64, static_cast<std::uint32_t>(start));
    put_le<std::uint32_t>(command, 68, static_cast<std::uint32_t>(size));
  }
  Bytes take() { return std::move(commands_); }

 private:
  static constexpr std::size_t kBytes = 128;

  MutableBytes next(std::uint32_t kind) {
    commands_.resize(commands_.size() + kBytes);
    MutableBytes command = MutableBytes(commands_).last(kBytes);
    put_le<std::uint32_t>(command, 0, kind);
    return command;
  }
  static void put_name(MutableBytes command, std::size_t offset, std::string_view name) {
    std::copy(name.begin(), name.end(), command.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  Bytes commands_;
};

}  // namespace

Bytes firmware_tables(std::uint32_t vcpus, const FirmwareChoice& choice) {
  return lay_out(vcpus, choice).bytes;
}

Bytes firmware_rsdp(std::uint32_t vcpus) {
  Bytes rsdp = make_rsdp(GuestAddress(places_of(vcpus).xsdt));
  rsdp[kRsdpChecksum] = 0;
  rsdp[kRsdpExtendedChecksum] = 0;
  return rsdp;
}

Bytes firmware_loader(std::uint32_t vcpus) {
  const Places places = places_of(vcpus);
  const std::size_t xsdt_bytes = kHeaderBytes + 8 * Places::kNamedByXsdt;
  const std::size_t fadt_bytes = make_fadt(GuestAddress(0)).size();
  Loader loader;
  loader.allocate(kRsdpFile, 16, Loader::Zone::kBelow1MiB);
  loader.allocate(kTablesFile, kAlignment, Loader::Zone::kHigh);
  loader.add_pointer(kTablesFile, kTablesFile, places.fadt + kFadtDsdt, 4);
  loader.add_pointer(kTablesFile, kTablesFile, places.fadt + kFadtLongDsdt, 8);
  loader.add_checksum(kTablesFile, places.fadt + kChecksum, places.fadt, fadt_bytes);
  for (std::size_t entry = 0; entry < Places::kNamedByXsdt; ++entry) {
    loader.add_pointer(kTablesFile, kTablesFile, places.xsdt + kHeaderBytes + 8 * entry, 8);
  }
  loader.add_checksum(kTablesFile, places.xsdt + kChecksum, places.xsdt, xsdt_bytes);
  loader.add_pointer(kRsdpFile, kTablesFile, kRsdpXsdt, 8);
  loader.add_checksum(kRsdpFile, kRsdpChecksum, 0, kRsdpBytesOfVersion1);
  loader.add_checksum(kRsdpFile, kRsdpExtendedChecksum, 0, kRsdpBytes);
  return loader.take();
}

}  // namespace virtsev::boot::acpi
