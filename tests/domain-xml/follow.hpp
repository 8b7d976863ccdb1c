// SPDX-License-Identifier: LGPL-2.1-or-later
// Does to a document what an error advises, as a person would who reads no more than the error.
#pragma once

#include <string>

namespace virtsev::domain_xml::test {

/// The document after every piece of advice in `error`, each taken literally. Throws std::logic_error for an
/// advice that says nothing that can be done.
std::string follow(const std::string& document, const std::string& error);

}  // namespace virtsev::domain_xml::test
