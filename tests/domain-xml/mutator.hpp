// SPDX-License-Identifier: LGPL-2.1-or-later
// Breaks documents, always in the same way for the same seed.
#pragma once

#include <array>
#include <random>
#include <string>
#include <string_view>

namespace virtsev::domain_xml::test {

/// Changes one to four places, always in the same way for the same seed.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  std::string mutate(std::string xml) {
    for (std::size_t i = 0, count = 1 + below(4); i < count && !xml.empty(); ++i) {
      change(xml);
    }
    return xml;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  void change(std::string& xml) {
    static constexpr std::array<std::string_view, 28> kPieces = {"<",         ">",
                                                                 "/>",        "</domain>",
                                                                 "&",         "&#0;",
                                                                 "&#x41;",    "'",
                                                                 "\"",        "<!--",
                                                                 "-->",       "<![CDATA[",
                                                                 "]]>",       "<?x?>",
                                                                 "xmlns='a'", "<disk/>",
                                                                 "<os/>",     "<name>x</name>",
                                                                 "0",         "18446744073709551616",
                                                                 "-1",        "0x",
                                                                 " ",         "\n",
                                                                 "\xc3\xa4",  "\xff",
                                                                 "<a:b/>",    "type='sev'"};
    const std::size_t at = below(xml.size());
    switch (below(6)) {
      case 0:
        xml[at] = static_cast<char>(random_());
        break;
      case 1:
        xml.erase(at, 1 + below(40));
        break;
      case 2:
        xml.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 3:
        xml.insert(at, xml.substr(below(xml.size()), 1 + below(120)));
        break;
      case 4:
        remove_element(xml, at);
        break;
      default:
        double_line(xml, at);
        break;
    }
  }

  static void remove_element(std::string& xml, std::size_t at) {
    const std::size_t begin = xml.find('<', at);
    const std::size_t end = begin == std::string::npos ? begin : xml.find('>', begin);
    if (end != std::string::npos) {
      xml.erase(begin, end - begin + 1);
    }
  }

  static void double_line(std::string& xml, std::size_t at) {
    const std::size_t begin = xml.rfind('\n', at);
    const std::size_t end = xml.find('\n', at);
    if (begin != std::string::npos && end != std::string::npos && begin < end) {
      const std::string line = xml.substr(begin, end - begin);
      xml.insert(end, line);
    }
  }

  std::mt19937 random_;
};

}  // namespace virtsev::domain_xml::test
