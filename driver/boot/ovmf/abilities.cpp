// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/abilities.hpp"

#include <algorithm>
#include <variant>

#include "driver/boot/ovmf/footer.hpp"
#include "driver/boot/ovmf/image.hpp"
#include "driver/boot/ovmf/volume_headers.hpp"
#include "driver/boot/ovmf/volumes.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::boot::ovmf {
namespace {

constexpr std::uint16_t kIa32 = 0x14c;  // PE/COFF, Machine

/// The last volume: SEC, the first code, which is never packed, as it runs where it lies. Volumes begin at
/// multiples of 4096 bytes.
ByteView first_code(ByteView image) {
  for (std::size_t page = image.size() / kPageSize; page-- > 0;) {
    const ByteView rest = image.subspan(page * kPageSize);
    if (parse_volume(rest)) {
      return rest;
    }
  }
  return {};
}

/// The machine that a PE or TE image is for; 0 for anything else.
std::uint16_t machine_of(ByteView code) {
  constexpr std::size_t kHeaderPointer = 0x3c;
  if (code.size() < kHeaderPointer + 4) {
    return 0;
  }
  if (code[0] == 'V' && code[1] == 'Z') {
    return get_le<std::uint16_t>(code, 2);
  }
  const std::size_t header = get_le<std::uint32_t>(code, kHeaderPointer);
  const bool is_pe = code[0] == 'M' && code[1] == 'Z' && header < code.size() && code.size() - header >= 6;
  return is_pe && code[header] == 'P' && code[header + 1] == 'E' ? get_le<std::uint16_t>(code, header + 4)
                                                                 : 0;
}

bool begins_in_32_bit(ByteView image) {
  bool found = false;
  (void)for_each_leaf(first_code(image), [&](ByteView code) { found = found || machine_of(code) == kIa32; });
  return found;
}

}  // namespace

std::optional<std::string> reason_against(const spec::File& image, const sevcore::Protection& protection) {
  if (std::holds_alternative<sevcore::Unprotected>(protection)) {
    (void)size_of_image(image);
    return std::nullopt;
  }
  const Bytes bytes = read_image(image);
  if (!sevcore::encrypts_state(protection)) {
    return begins_in_32_bit(bytes)
               ? std::optional(text("firmware '{}' begins with 32-bit code, with which no SEV guest has been "
                                    "seen to start its kernel",
                                    image.path))
               : std::nullopt;
  }
  const auto footer = parse_footer(ByteView(bytes).last(std::min(bytes.size(), kFooterBytes)));
  if (!footer) {
    return explain(footer.error(), image.path);
  }
  if (!footer->reset_address) {
    return text("firmware '{}' is not built for SEV-ES: it has no reset address for it", image.path);
  }
  if (begins_in_32_bit(bytes)) {
    return text("firmware '{}' is not built for SEV-ES: its first code is 32-bit", image.path);
  }
  return std::nullopt;
}

}  // namespace virtsev::boot::ovmf
