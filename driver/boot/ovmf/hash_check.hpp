// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a firmware image checks the kernel that the host hands to it. A place for the hashes in the table
// at its end does not say so: builds of one release share a memory layout, and most of them link code that
// checks nothing.
#pragma once

#include <cstdint>
#include <string>

#include "driver/spec/machine.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::ovmf {

enum class HashCheck : std::uint8_t {
  kThere,       ///< Code that looks for each of the three hashes: necessary, not proof
  kNotThere,    ///< All code was looked at, and there is none
  kNotLegible,  ///< Not found, but not all of the image could be read
  kEndOnly      ///< The last page of an image, as test vectors are published: no machine boots from it
};

/// Looks for the GUIDs of the three hashes (kernel_hashes.hpp) in one section of code.
HashCheck find_hash_check(ByteView image);

/// The same of a file. Throws Error where it can't be read, or is no image by its size (size_of_image()).
HashCheck find_hash_check(const spec::File& image);

/// For the user, why such an image is refused for a kernel of the host's: not for kThere.
std::string explain(HashCheck check, const std::string& path);

}  // namespace virtsev::boot::ovmf
