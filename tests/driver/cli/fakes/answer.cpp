// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/cli/fakes/answer.hpp"

#include <optional>
#include <ostream>
#include <stdexcept>

namespace virtsev::cli::test {
namespace {

template <typename T>
T the(std::optional<T> value, const std::string& what, const JsonView& view) {
  if (!value) {
    throw std::runtime_error(what + " in " + view.dump());
  }
  return std::move(*value);
}

}  // namespace

Answer Answer::parse(const std::string& text) {
  auto whole = Json::parse(text);
  if (!whole) {
    throw std::runtime_error("this is no JSON: " + text);
  }
  return Answer(std::move(*whole));
}

Answer Answer::operator[](const std::string& member) const {
  return {whole_, the(view_.find(member.c_str()), "no member " + member, view_)};
}

std::vector<Answer> Answer::elements() const {
  std::vector<Answer> elements;
  for (const JsonView element : the(view_.list(), "no array", view_)) {
    elements.push_back({whole_, element});
  }
  return elements;
}

std::string Answer::string() const { return the(view_.string(), "no text", view_); }

bool Answer::truth() const { return the(view_.truth(), "neither true nor false", view_); }

std::ostream& operator<<(std::ostream& stream, const Answer& answer) { return stream << answer.view_.dump(); }

}  // namespace virtsev::cli::test
