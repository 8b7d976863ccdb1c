// SPDX-License-Identifier: LGPL-2.1-or-later
// vCPU models by the names that QEMU gives them: what of them is measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virtsev::machine {

/// EAX of CPUID leaf 1, which a vCPU's EDX holds at reset: "EPYC-Milan", or with a version, "EPYC-Milan-v2".
/// Nothing where the name is unknown.
std::optional<std::uint32_t> signature_of(std::string_view model);

/// The names without versions, for messages.
std::string known_models();

}  // namespace virtsev::machine
