// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/fw_cfg.hpp"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "driver/vmm/devices/port_device.hpp"
#include "driver/vmm/pci/configuration_base.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/firmware_layout.hpp"

namespace virtsev::vmm {
namespace {

// Ports, as offsets from the first one. The selector is little-endian there, DMA's address big-endian.
constexpr std::uint64_t kSelector = 0;
constexpr std::uint64_t kData = 1;
constexpr std::uint64_t kDmaHigh = 4;
constexpr std::uint64_t kDmaLow = 8;

constexpr std::uint32_t kTraditional = 1U << 0;  // Of the interface's features
constexpr std::uint32_t kDma = 1U << 1;
constexpr std::uint64_t kDmaSignature = 0x51454d5520434647;  // "QEMU CFG"

// FWCfgDmaAccess: control, length, address, all big-endian.
constexpr std::size_t kAccessBytes = 16;
constexpr std::uint32_t kError = 1U << 0;
constexpr std::uint32_t kRead = 1U << 1;
constexpr std::uint32_t kSkip = 1U << 2;
constexpr std::uint32_t kSelect = 1U << 3;
constexpr std::uint32_t kWrite = 1U << 4;

constexpr std::size_t kPiece = 64 * 1024;

template <typename Number>
Number get_be(ByteView bytes, std::size_t offset) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    value = static_cast<Number>(value << 8 | bytes[offset + i]);
  }
  return value;
}

template <typename Number>
void append_be(Bytes& bytes, Number value) {
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }
}

std::uint64_t size_of(const FwCfgContent& content) {
  if (const auto* bytes = std::get_if<Bytes>(&content)) {
    return bytes->size();
  }
  const auto* part = std::get_if<FwCfgFilePart>(&content);
  return part != nullptr ? part->size : std::get<FwCfgMade>(content).size;
}

/// What there is of it; zeros where the file has become shorter.
void read_part(const FwCfgFilePart& part, std::uint64_t position, MutableBytes to) {
  while (!to.empty()) {
    const ssize_t got =
        ::pread(part.file->get(), to.data(), to.size(), static_cast<off_t>(part.offset + position));
    if (got <= 0) {
      std::fill(to.begin(), to.end(), std::uint8_t{0});
      return;
    }
    position += static_cast<std::uint64_t>(got);
    to = to.subspan(static_cast<std::size_t>(got));
  }
}

void append_entry(Bytes& directory, const std::string& name, std::uint64_t size, std::uint16_t key) {
  if (name.size() >= FwCfg::kNameBytes) {
    throw Error(ErrorCode::kInternal, text("the name of firmware's file \"{}\" is too long", name));
  }
  append_be(directory, static_cast<std::uint32_t>(size));
  append_be(directory, key);
  append_be(directory, std::uint16_t{0});
  directory.insert(directory.end(), name.begin(), name.end());
  directory.resize(directory.size() + FwCfg::kNameBytes - name.size());
}

}  // namespace

FwCfg::FwCfg(FwCfgOptions options, const SharedMemory& memory, std::function<GuestAddress()> configuration)
    : items_(std::move(options.items)), memory_(memory), configuration_(std::move(configuration)) {
  items_[kSignature] = Bytes{'Q', 'E', 'M', 'U'};
  Bytes features;
  append_le<std::uint32_t>(features, kTraditional | kDma);
  items_[kInterface] = std::move(features);
  Bytes directory;
  append_be(directory, static_cast<std::uint32_t>(options.files.size()));
  std::uint16_t key = kFirstFile;
  for (auto& [name, content] : options.files) {
    append_entry(directory, name, size_of(content), key);
    items_[key++] = std::move(content);
  }
  items_[kDirectory] = std::move(directory);
}

void FwCfg::select(std::uint16_t key) {
  const auto found = items_.find(key);
  selected_ = found == items_.end() ? nullptr : &found->second;
  position_ = 0;
  if (selected_ == nullptr) {
    return;
  }
  if (const auto* made = std::get_if<FwCfgMade>(selected_)) {
    *selected_ = made->make(configuration_());
  }
}

std::uint64_t FwCfg::left() const {
  const std::uint64_t size = selected_ == nullptr ? 0 : size_of(*selected_);
  return size - std::min(size, position_);
}

void FwCfg::take(MutableBytes to) {
  const std::size_t size = std::min<std::uint64_t>(left(), to.size());
  const MutableBytes there = to.first(size);
  if (const auto* part = size == 0 ? nullptr : std::get_if<FwCfgFilePart>(selected_)) {
    read_part(*part, position_, there);
  } else if (size > 0) {
    const ByteView bytes = std::get<Bytes>(*selected_);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(position_), size, there.begin());
  }
  std::fill(to.begin() + static_cast<std::ptrdiff_t>(size), to.end(), std::uint8_t{0});
  position_ += size;
}

void FwCfg::skip(std::uint64_t count) { position_ += std::min(left(), count); }

bool FwCfg::read_into(GuestAddress to, std::uint32_t size) {
  if (size == 0) {
    return true;
  }
  if (!memory_.contains(to, size)) {
    return false;
  }
  Bytes piece(std::min<std::size_t>(size, kPiece));
  for (std::uint32_t done = 0; done < size;) {
    const std::size_t now = std::min<std::size_t>(piece.size(), size - done);
    take(MutableBytes(piece).first(now));
    if (!memory_.write(to + done, ByteView(piece).first(now))) {
      return false;
    }
    done += static_cast<std::uint32_t>(now);
  }
  return true;
}

void FwCfg::start_dma(GuestAddress access) {
  ByteArray<kAccessBytes> request{};
  if (!memory_.read(access, request)) {
    return;  // There is nowhere to say so
  }
  const auto control = get_be<std::uint32_t>(request, 0);
  const auto size = get_be<std::uint32_t>(request, 4);
  if ((control & kSelect) != 0) {
    select(static_cast<std::uint16_t>(control >> 16));
  }
  bool ok = (control & kWrite) == 0;
  if (ok && (control & kRead) != 0) {
    ok = read_into(GuestAddress(get_be<std::uint64_t>(request, 8)), size);
  } else if (ok && (control & kSkip) != 0) {
    skip(size);
  }
  Bytes answer;
  append_be(answer, ok ? std::uint32_t{0} : kError);
  (void)memory_.write(access, answer);
}

void FwCfg::read(std::uint64_t offset, MutableBytes data) {
  const std::lock_guard lock(mutex_);
  if (offset == kData && data.size() == 1) {
    take(data);
    return;
  }
  Bytes signature;
  append_be(signature, kDmaSignature);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::uint64_t port = offset + i;
    data[i] = port >= kDmaHigh && port < kDmaHigh + signature.size() ? signature[port - kDmaHigh] : 0;
  }
}

void FwCfg::write(std::uint64_t offset, ByteView data) {
  const std::lock_guard lock(mutex_);
  if (offset == kSelector && data.size() == 2) {
    select(get_le<std::uint16_t>(data, 0));
  } else if (offset == kDmaHigh && data.size() == 4) {
    dma_address_ = static_cast<std::uint64_t>(get_be<std::uint32_t>(data, 0)) << 32;
  } else if (offset == kDmaHigh && data.size() == 8) {
    dma_address_ = 0;
    start_dma(GuestAddress(get_be<std::uint64_t>(data, 0)));
  } else if (offset == kDmaLow && data.size() == 4) {
    // Written last, it begins; the upper half is 0 again for who writes this one alone.
    start_dma(GuestAddress(std::exchange(dma_address_, 0) | get_be<std::uint32_t>(data, 0)));
  }
}

std::unique_ptr<Device> make_device(const FwCfgOptions& options, const Surroundings& surroundings) {
  return std::make_unique<PortDevice<FwCfg>>(surroundings.buses.ports, "firmware configuration",
                                             BusRange{layout::kFwCfgPort, layout::kFwCfgPortCount}, options,
                                             surroundings.memory,
                                             [&pci = surroundings.pci] { return configuration_base(pci); });
}

}  // namespace virtsev::vmm
