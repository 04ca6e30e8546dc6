// A YAML document as a plain tree with places; made by yaml_document.h, read by reader.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace outrider::config {

/// Where something stands in a file; both count from 1. Line 0: nowhere in particular.
struct Place {
  int line = 0;
  int column = 0;
  auto operator<=>(const Place&) const = default;
};

struct Entry;

struct Node {
  enum class Kind { Null, Scalar, List, Map };

  Node();
  Node(Kind node_kind, Place node_place, std::string node_text = {});

  Kind kind = Kind::Null;
  Place place;
  std::string text;            ///< Of a scalar, as written, without quotes.
  std::vector<Node> items;     ///< Of a list.
  std::vector<Entry> entries;  ///< Of a map, each key once, in the order of the file.
};

/// A key of a map with its value.
struct Entry {
  std::string key;
  Place place;
  Node value;
};

// Not in the class: there an Entry is not yet complete.
inline Node::Node() = default;
inline Node::Node(Kind node_kind, Place node_place, std::string node_text)
    : kind(node_kind), place(node_place), text(std::move(node_text)) {}

/// The entry with that key, or null. Lives as long as the map.
inline const Entry* find_entry(const Node& map, const std::string& key) {
  for (const Entry& entry : map.entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

}  // namespace outrider::config
