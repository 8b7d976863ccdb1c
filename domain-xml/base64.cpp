// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/base64.hpp"

namespace virtsev::domain_xml {

std::optional<std::size_t> base64_decoded_size(std::string_view digits) {
  if (digits.size() % 4 != 0) {
    return std::nullopt;
  }
  std::size_t padding = 0;
  while (padding < 2 && !digits.empty() && digits.back() == '=') {
    digits.remove_suffix(1);
    ++padding;
  }
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (digits.find_first_not_of(kAlphabet) != std::string_view::npos) {
    return std::nullopt;
  }
  return (digits.size() + padding) / 4 * 3 - padding;
}

}  // namespace virtsev::domain_xml
