// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain that passes, changes to it, and what a refusal has to say.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "domain-xml/domain_definition.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::domain_xml::test {

/// An SEV-ES guest; its lines are numbered in sample.cpp, since refusals name them.
std::string sample();

/// The sample, with one piece of its text changed. Throws where the piece is not there.
std::string with(std::string_view piece, std::string_view replacement);
std::string changed(std::string document, std::string_view piece, std::string_view replacement);

/// The sample with elements in place of its <serial>, in line 14.
std::string with_device(std::string_view elements);
/// The sample with elements in place of <acpi/>, in line 12.
std::string with_feature(std::string_view elements);
/// The sample with elements beside its <policy>, in line 17.
std::string with_security(std::string_view elements);
/// The sample with policy 1, which is SEV without ES.
std::string plain_sev(std::string_view piece, std::string_view replacement);

/// A guest owner's certificate, and a session of the right length, in base64.
std::string certificate();
std::string session();

/// Passes where parse() throws exactly this.
testing::AssertionResult refuses(const std::string& xml, ErrorCode code, const std::string& text,
                                 const ParseOptions& options = {});

/// True where `document` holds `piece`; else shows the document.
testing::AssertionResult holds(const std::string& document, std::string_view piece);

}  // namespace virtsev::domain_xml::test
