// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/ovmf/volumes.hpp"

#include <algorithm>
#include <optional>

#include "driver/boot/ovmf/lzma.hpp"
#include "driver/boot/ovmf/volume_headers.hpp"

namespace virtsev::boot::ovmf {
namespace {

class Walk {
 public:
  explicit Walk(const std::function<void(ByteView)>& see) : see_(see) {}

  VolumesRead image(ByteView bytes) {
    bool found = false;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto header = parse_volume(bytes.subspan(at));
      if (header) {
        found = true;
        volume(bytes.subspan(at), *header, 0);
      }
      at += round_up(header ? header->length : 1, kPageSize);
    }
    return !found ? VolumesRead::kNone : whole_ ? VolumesRead::kAll : VolumesRead::kPartly;
  }

 private:
  void volume(ByteView bytes, const VolumeHeader& header, unsigned depth) {
    if (!header.has_files) {
      return;
    }
    for (ByteView rest = bytes.first(header.length).subspan(header.files_at); !rest.empty();) {
      const auto file = parse_file(rest, header.erased_to_ones);
      if (!file) {
        whole_ = whole_ && is_free(rest, header.erased_to_ones);
        return;
      }
      if (file->has_sections) {
        sections(rest.first(file->length).subspan(file->content_at), depth + 1);
      }
      rest = rest.subspan(std::min<std::size_t>(round_up(file->length, 8), rest.size()));
    }
  }

  void sections(ByteView bytes, unsigned depth) {
    if (depth > kMaxVolumeDepth) {
      whole_ = false;
      return;
    }
    while (!bytes.empty()) {
      const auto header = parse_section(bytes);
      if (!header) {
        whole_ = false;
        return;
      }
      section(bytes.first(header->length).subspan(header->content_at), header->kind, depth);
      bytes = bytes.subspan(std::min<std::size_t>(round_up(header->length, 4), bytes.size()));
    }
  }

  void section(ByteView content, SectionKind kind, unsigned depth) {
    switch (kind) {
      case SectionKind::kLeaf:
        return see_(content);
      case SectionKind::kSections:
        return sections(content, depth + 1);
      case SectionKind::kLzma:
        return packed(content, depth);
      case SectionKind::kVolume:
        if (const auto header = parse_volume(content)) {
          return volume(content, *header, depth + 1);
        }
        break;
      case SectionKind::kUnknownPacking:
        break;
    }
    whole_ = false;
  }

  void packed(ByteView content, unsigned depth) {
    const auto unpacked = unpack_lzma(content, room_);
    if (!unpacked) {
      whole_ = false;
      return;
    }
    room_ -= unpacked->size();
    sections(*unpacked, depth + 1);
  }

  const std::function<void(ByteView)>& see_;
  std::size_t room_ = kMaxUnpackedBytes;
  bool whole_ = true;
};

}  // namespace

VolumesRead for_each_leaf(ByteView image, const std::function<void(ByteView)>& see) {
  return Walk(see).image(image);
}

}  // namespace virtsev::boot::ovmf
