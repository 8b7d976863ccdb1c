// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/launch_plan.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint64_t kPiece = 1U << 20;
constexpr std::uint64_t kUnit = 16;  // LAUNCH_UPDATE_DATA's

using Sink = std::function<void(ByteView)>;

void read_exactly(const Region& region, int fd, MutableBytes out, std::uint64_t offset) {
  const ssize_t got = pread_all(fd, out, offset);
  if (got < 0) {
    throw Error(ErrorCode::kSystemError,
                text("can't read {} from {}: {}", region.name, region.origin, std::strerror(errno)));
  }
  if (const auto read = static_cast<std::size_t>(got); read < out.size()) {
    throw Error(
        ErrorCode::kOperationFailed,
        text("{} ends at byte {}, but the {} needs {} bytes more: was the file cut short while the domain "
             "started? Start the domain again when the file is complete",
             region.origin, offset + read, region.name, out.size() - read));
  }
}

void give_bytes(ByteView bytes, const Sink& piece) {
  for (std::size_t done = 0; done < bytes.size(); done += kPiece) {
    piece(bytes.subspan(done, std::min<std::size_t>(kPiece, bytes.size() - done)));
  }
}

void give_file(const Region& region, const FileRange& range, const Sink& piece) {
  Bytes buffer(std::min(kPiece, range.length));
  for (std::uint64_t done = 0; done < range.length;) {
    const MutableBytes part(buffer.data(), std::min<std::uint64_t>(kPiece, range.length - done));
    read_exactly(region, range.fd, part, range.offset + done);
    piece(part);
    done += part.size();
  }
}

void give_zeros(std::uint64_t count, const Sink& piece) {
  const Bytes zeros(std::min(kPiece, count));
  for (; count > 0; count -= std::min(kPiece, count)) {
    piece(ByteView(zeros).first(std::min(kPiece, count)));
  }
}

/// Throws where the plan's maker broke the rules of Region: a mistake of virtsev's own.
std::uint64_t checked_length(const Region& region) {
  const auto* bytes = std::get_if<Bytes>(&region.content);
  const std::uint64_t length = bytes != nullptr ? bytes->size() : std::get<FileRange>(region.content).length;
  if (length > region.size || region.size % kUnit != 0 || region.address.value() % kUnit != 0) {
    throw Error(ErrorCode::kInternal, text("the launch plan's region {} has {} bytes for {} at {:#x}",
                                           region.name, length, region.size, region.address.value()));
  }
  return length;
}

}  // namespace

void read_region(const Region& region, const Sink& piece) {
  const std::uint64_t length = checked_length(region);
  if (const auto* bytes = std::get_if<Bytes>(&region.content)) {
    give_bytes(*bytes, piece);
  } else {
    give_file(region, std::get<FileRange>(region.content), piece);
  }
  give_zeros(region.size - length, piece);
}

}  // namespace virtsev::sevcore
