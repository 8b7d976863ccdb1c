// SPDX-License-Identifier: LGPL-2.1-or-later
#include "schema_walk.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"

namespace virtsev::domain_xml::test {
namespace {

constexpr std::size_t kMaxPath = 9;

class Walker {
 public:
  explicit Walker(std::string directory) : directory_(std::move(directory)) {
    const xmlNode* grammar = load("domain.rng");
    for (const xmlNode* child : child_elements(grammar)) {
      if (is(child, "start")) {
        walk_children(child, {});
      }
    }
  }
  SchemaElements take() { return std::move(found_); }

 private:
  using Path = std::vector<std::string>;

  static bool is(const xmlNode* node, const char* name) {
    return xmlStrcmp(node->name, reinterpret_cast<const xmlChar*>(name)) == 0;
  }
  static std::string joined(const Path& path) {
    std::string all;
    for (std::size_t i = 1; i < path.size(); ++i) {
      all += (i == 1 ? "" : "/") + path[i];
    }
    return all;
  }

  const xmlNode* load(const std::string& file) {
    if (std::find(loaded_.begin(), loaded_.end(), file) != loaded_.end()) {
      return nullptr;
    }
    loaded_.push_back(file);
    documents_.emplace_back(xmlReadFile((directory_ + "/" + file).c_str(), nullptr, XML_PARSE_NONET));
    if (!documents_.back()) {
      throw std::runtime_error("cannot read " + directory_ + "/" + file);
    }
    const xmlNode* grammar = xmlDocGetRootElement(documents_.back().get());
    collect(grammar);
    return grammar;
  }

  void collect(const xmlNode* node) {
    for (const xmlNode* child : child_elements(node)) {
      if (is(child, "include")) {
        load(*attribute(child, "href"));
      } else if (is(child, "define")) {
        definitions_[*attribute(child, "name")].push_back(child);
      }
      collect(child);
    }
  }

  void walk_children(const xmlNode* node, const Path& path) {
    for (const xmlNode* child : child_elements(node)) {
      walk(child, path);
    }
  }

  void walk(const xmlNode* node, const Path& path) {
    const std::string name = attribute(node, "name").value_or("");
    if (is(node, "ref")) {
      if (std::find(open_.begin(), open_.end(), name) == open_.end()) {
        open_.push_back(name);
        for (const xmlNode* definition : definitions_[name]) {
          walk_children(definition, path);
        }
        open_.pop_back();
      }
    } else if (is(node, "element")) {
      if (!name.empty() && path.size() < kMaxPath) {
        Path below = path;
        below.push_back(name);
        read_values(node, found_[joined(below)]["."]);
        walk_children(node, below);
      }
    } else if (is(node, "attribute")) {
      if (!name.empty()) {
        read_values(node, found_[joined(path)][name]);
      }
    } else {
      walk_children(node, path);
    }
  }

  void read_values(const xmlNode* node, SchemaAttribute& into) {
    for (const xmlNode* child : child_elements(node)) {
      const std::string name = attribute(child, "name").value_or("");
      if (is(child, "value")) {
        into.values.insert(trimmed(child));
      } else if (is(child, "data") || is(child, "text") || is(child, "list")) {
        into.free = true;
      } else if (is(child, "ref")) {
        if (std::find(open_.begin(), open_.end(), name) == open_.end()) {
          open_.push_back(name);
          for (const xmlNode* definition : definitions_[name]) {
            read_values(definition, into);
          }
          open_.pop_back();
        }
      } else if (!is(child, "element") && !is(child, "attribute")) {
        read_values(child, into);
      }
    }
  }

  std::string directory_;
  std::vector<std::string> loaded_, open_;
  std::vector<Document> documents_;
  std::map<std::string, std::vector<const xmlNode*>> definitions_;
  SchemaElements found_;
};

}  // namespace

SchemaElements walk_schema(const std::string& directory) { return Walker(directory).take(); }

}  // namespace virtsev::domain_xml::test
