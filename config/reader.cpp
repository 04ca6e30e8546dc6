#include "config/reader.h"

#include "config/spelling.h"

#include <fmt/format.h>

#include <expected>
#include <utility>

namespace outrider::config {
namespace {

constexpr std::size_t kFoundBytesMax = 60;

std::string found(const Spot& spot) {
  switch (spot.node.kind) {
    case Node::Kind::Null:
      return ", found nothing";
    case Node::Kind::List:
      return ", found a list";
    case Node::Kind::Map:
      return ", found a map";
    case Node::Kind::Scalar:
      break;
  }
  // The text as written, so that the value of a variable never shows.
  if (spot.secret) return "";
  if (spot.node.text.size() > kFoundBytesMax) return ", found a long text";
  return fmt::format(", found \"{}\"", spot.node.text);
}

}  // namespace

std::optional<std::string> Reader::text(const Spot& spot) {
  if (spot.node.kind == Node::Kind::Null) {
    problem(spot, "has no value");
    return std::nullopt;
  }
  if (spot.node.kind != Node::Kind::Scalar) {
    mismatch(spot, "expected a single value");
    return std::nullopt;
  }
  std::expected<std::string, std::string> value = interpolate(spot.node.text, noting(spot.path));
  if (!value) {
    problem(spot, std::move(value.error()));
    return std::nullopt;
  }
  if (value->find('\0') != std::string::npos) {
    problem(spot, "holds a zero byte");
    return std::nullopt;
  }
  return std::move(*value);
}

Surroundings Reader::noting(const std::string& path) {
  return {.variable =
              [this, &path](const std::string& name) {
                std::optional<std::string> value = surroundings_.variable(name);
                const bool counts = value && !value->empty();
                report_.refer(path, "env " + name + (counts ? "" : " (unset or empty)"));
                return value;
              },
          .file =
              [this, &path](const std::string& name) {
                report_.refer(path, "file " + name);
                return surroundings_.file(name);
              }};
}

const Node* Reader::list(const Spot& spot) {
  if (spot.node.kind == Node::Kind::List) return &spot.node;
  mismatch(spot, "expected a list");
  return nullptr;
}

const Node* Reader::map(const Spot& spot) {
  if (spot.node.kind == Node::Kind::Map || spot.node.kind == Node::Kind::Null) return &spot.node;
  mismatch(spot, "expected a map");
  return nullptr;
}

void Reader::problem(const Spot& spot, std::string what) {
  report_.add(spot.node.place, spot.path, std::move(what));
}

void Reader::mismatch(const Spot& spot, const std::string& expected,
                      const std::vector<std::string>& choices) {
  std::string what = expected + found(spot);
  if (const auto meant = spot.secret ? std::nullopt : did_you_mean(spot.node.text, choices)) {
    what += fmt::format(" (did you mean \"{}\"?)", *meant);
  }
  problem(spot, std::move(what));
}

void Reader::unknown_key(const Entry& entry, const std::string& path,
                         const std::vector<std::string>& known) {
  std::string what = "unknown key";
  if (const std::optional<std::string> meant = did_you_mean(entry.key, known)) {
    what += fmt::format(" (did you mean \"{}\"?)", *meant);
  } else if (known.empty()) {
    what += "; there is nothing to set here";
  } else {
    what += "; known here: " + list_words(known);
  }
  report_.add(entry.place, path, std::move(what));
}

}  // namespace outrider::config
