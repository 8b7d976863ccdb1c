// SPDX-License-Identifier: LGPL-2.1-or-later
#include "follow.hpp"

#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "domain-xml/xml/writer.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

struct Advice {
  std::string path, reason;
  long line;
};

std::vector<Advice> advices_in(const std::string& error) {
  static const std::regex kAdvice("^ *((?:<[^>]*>)+) \\(line ([0-9]+)\\): (.*)$");
  std::vector<Advice> found;
  std::istringstream lines(error);
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, kAdvice)) {
      found.push_back({match[1], match[3], std::stol(match[2])});
    } else if (found.empty() ? line.find("problems in the XML:") == std::string::npos : true) {
      throw std::logic_error("names no element and line: " + line);
    }
  }
  return found;
}

std::string path_of(const xmlNode* node) {
  std::string path;
  for (const xmlNode* each = node; each->parent != nullptr && each->parent->type == XML_ELEMENT_NODE;
       each = each->parent) {
    path = "<" + name_of(each) + ">" + path;
  }
  return path.empty() ? "<" + name_of(node) + ">" : path;
}

void collect(xmlNode* node, const Advice& advice, std::vector<xmlNode*>& found) {
  if (path_of(node) == advice.path && xmlGetLineNo(node) == advice.line) {
    found.push_back(node);
  }
  for (xmlNode* child : child_elements(node)) {
    collect(child, advice, found);
  }
}

void remove_text(xmlNode* parent) {
  for (xmlNode* node = parent->children; node != nullptr;) {
    xmlNode* next = node->next;
    if (node->type != XML_ELEMENT_NODE) {
      remove(node);
    }
    node = next;
  }
}

struct NodeDeleter {
  void operator()(xmlNode* node) const { xmlFreeNode(node); }
};
/// Kept to the end: other advice may be about something within.
using Removed = std::vector<std::unique_ptr<xmlNode, NodeDeleter>>;

void take_out(xmlNode* node, Removed& removed) {
  if (node->parent != nullptr) {
    xmlUnlinkNode(node);
    removed.emplace_back(node);
  }
}

void write_content(xmlNode* node, const std::string& value, Removed& removed) {
  while (node->children != nullptr) {
    take_out(node->children, removed);
  }
  set_content(node, value);
}

/// Attributes and, where it has any, content of the element that was advised: on `node` itself where it has
/// that name, else on a child of it.
void write(xmlNode* node, const std::string& name, const std::string& inside, bool closed,
           const std::string& content_of, Removed& removed) {
  xmlNode* target = node;
  if (!is_element(node, name)) {
    const std::vector<xmlNode*> children = children_named(node, name);
    target = children.empty() ? add_element(node, name.c_str()) : children.front();
  }
  static const std::regex kAttribute("([A-Za-z]+)='([^']*)'");
  for (std::sregex_iterator each(inside.begin(), inside.end(), kAttribute), end; each != end; ++each) {
    set_attribute(target, (*each)[1].str().c_str(), (*each)[2]);
  }
  if (!closed) {
    return;
  }
  if (content_of.find('<') == std::string::npos) {
    write_content(target, content_of, removed);
    return;
  }
  const Document children = read_document("<x>" + content_of + "</x>");
  for (const xmlNode* child : child_elements(xmlDocGetRootElement(children.get()))) {
    xmlAddChild(target, xmlDocCopyNode(const_cast<xmlNode*>(child), target->doc, 1));
  }
}

bool follow_one(xmlNode* node, const std::string& reason, Removed& removed) {
  std::smatch match;
  const auto says = [&](const char* pattern) {
    return std::regex_search(reason, match, std::regex(pattern));
  };
  if (says("holds the text .*remove it$")) {
    remove_text(node);
  } else if (says("rename the element$")) {
    xmlNodeSetName(node, reinterpret_cast<const xmlChar*>("launchSecurity"));
  } else if (says("remove the attribute|attribute '([^']*)'.*remove it")) {
    const std::string written = reason.substr(0, reason.find('='));
    remove_attribute(node, match[1].matched ? match[1].str().c_str() : written.c_str());
  } else if (says("remove (the|this) (element|one)|remove (it|this one)\\b")) {
    take_out(node, removed);
  } else if (says("(write|add) <([A-Za-z_]+)([^>]*[^/>])?>(.*?)</\\2>")) {
    write(node, match[2], match[3], true, match[4], removed);
  } else if (says("(write|add) <([A-Za-z_]+)([^>]*)/?>")) {
    if (match[2] == "name") {
      set_content(add_element(node, "name"), "named");
    } else {
      write(node, match[2], match[3], false, "", removed);
    }
  } else if (says("write ([A-Za-z_]+)='([^']*)'")) {
    set_attribute(node, match[1].str().c_str(), match[2]);
  } else if (says("([A-Za-z]+)='[^']*' has to be '([^']*)' or")) {
    set_attribute(node, match[1].str().c_str(), match[2]);
  } else if (says("write '([^']*)'")) {
    write_content(node, match[1], removed);
  } else if (says("guests are of type '([^']*)'")) {
    write_content(node, match[1], removed);
  } else if (says("write 1 to ([0-9]+)")) {
    write_content(node, match[1], removed);
  } else if (says("write (0x[0-9a-f]+)")) {
    write_content(node, match[1], removed);
  } else if (says("write what 'virtsev session'")) {
    write_content(node, is_element(node, "dhCert") ? certificate() : session(), removed);
  } else if (says("write both or none")) {
    for (const char* name : {"dhCert", "session"}) {
      for (xmlNode* child : children_named(node, name)) {
        take_out(child, removed);
      }
    }
  } else if (says("at most ([0-9]+) GiB of memory; write less")) {
    set_attribute(node, "unit", "GiB");
    write_content(node, match[1], removed);
  } else if (says("absolute path")) {
    write_content(node, "/boot/vmlinuz", removed);
  } else if (says("domain's name|title is one line|the path is longer|command line of at most")) {
    write_content(node, "short", removed);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string follow(const std::string& document, const std::string& error) {
  const Document tree = read_document(document);
  xmlNode* domain = xmlDocGetRootElement(tree.get());
  // All are found before anything changes; what is within an element that goes away goes with it.
  std::vector<std::pair<xmlNode*, std::string>> work;
  for (const Advice& advice : advices_in(error)) {
    std::vector<xmlNode*> found;
    collect(domain, advice, found);
    if (found.empty()) {
      throw std::logic_error("there is no " + advice.path + " in line " + std::to_string(advice.line));
    }
    // Several of one name in one line say the same; where the first is the one to keep, it is left alone.
    const std::string here = "in line " + std::to_string(advice.line) + "; remove this";
    const std::size_t first = advice.reason.find(here) != std::string::npos ? 1 : 0;
    for (std::size_t i = first; i < found.size(); ++i) {
      work.emplace_back(found[i], advice.reason);
    }
  }
  Removed removed;
  for (const bool removing : {false, true}) {
    for (const auto& [node, reason] : work) {
      const bool removes = reason.find("remove") != std::string::npos;
      if (removes == removing && !follow_one(node, reason, removed)) {
        throw std::logic_error("advises nothing that can be done: " + reason);
      }
    }
  }
  return write_element(domain);
}

}  // namespace virtsev::domain_xml::test
