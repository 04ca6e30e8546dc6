#include "config/yaml_document.h"

#include "relay/base/utf8.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider::config {
namespace {

// Aliases of aliases could grow a small file without end.
constexpr std::size_t kNodesMax = 100'000;

Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Entry& entry : node.entries) count += count_nodes(entry.value);
  return count;
}

// yaml-cpp 0.7 takes a quote that is never closed for one that ends with the file.
bool is_closed_quote(std::string_view text, std::size_t at) {
  const char quote = at < text.size() ? text[at] : '\0';
  if (quote != '"' && quote != '\'') return true;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    const bool escaped = quote == '"' ? text[i] == '\\' : text.substr(i, 2) == "''";
    if (escaped) {
      ++i;
    } else if (text[i] == quote) {
      return true;
    }
  }
  return false;
}

// yaml-cpp quotes the first byte of the character that it does not know.
std::string message_of(const YAML::Exception& exception) {
  std::string message;
  for (std::string_view left = exception.msg; !left.empty();) {
    const std::size_t length = utf8_length(left);
    message += length > 0 ? left.substr(0, length) : "\uFFFD";
    left.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return message;
}

// yaml-cpp says of a tab only what it could not make of the line, or of one after it.
std::string about_tabs(std::string_view text, int line_of_error) {
  int line = 0;
  std::size_t at = 0;
  for (int number = 1; number <= line_of_error && at < text.size(); ++number) {
    const std::size_t first = text.find_first_not_of(' ', at);
    if (first != std::string_view::npos && text[first] == '\t') line = number;
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  if (line == 0) return "";
  return fmt::format(" (line {} begins with a tab, which YAML does not take as indentation)", line);
}

// Builds the tree from yaml-cpp's events. Its own tree would hide duplicate keys.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, Report& report) : text_(text), report_(report) {}

  void OnDocumentStart(const YAML::Mark& mark) override { document_ = place_of(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    complete(Node{Node::Kind::Null, place_of(mark)}, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // The tag of a scalar that is not plain, see YAML 1.2, section 6.9.1.
    if (tag == "!" && !is_closed_quote(text_, static_cast<std::size_t>(mark.pos))) {
      report_.add(place_of(mark), path(), "the quote that begins here is not closed");
    }
    complete(Node{Node::Kind::Scalar, place_of(mark), checked(place_of(mark), value)}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      report_.add(place_of(mark), path(), "the alias stands inside what it refers to");
      complete(Node{Node::Kind::Null, place_of(mark)}, 0);
      return;
    }
    Node copy = found->second;
    copy.place = place_of(mark);
    nodes_ += count_nodes(copy);
    complete(std::move(copy), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({Node{Node::Kind::List, place_of(mark)}, anchor});
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({Node{Node::Kind::Map, place_of(mark)}, anchor});
  }
  void OnMapEnd() override { close(); }

  std::optional<Node> take() { return std::move(root_); }
  Place document() const { return document_; }
  bool too_large() const { return nodes_ > kNodesMax; }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    bool dropped = false;  // The key was bad or double: its value is not kept.
    Entry entry = {};
  };

  // yaml-cpp 0.7 makes one byte, which is no UTF-8, of the escapes \N and \_.
  std::string checked(Place place, const std::string& text) {
    if (is_utf8(text)) return text;
    report_.add(place, path(),
                "has an escape that is not known here: write \\N as \\u0085, \\_ as \\u00A0");
    return {};
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    complete(std::move(closed.node), closed.anchor);
  }

  void complete(Node node, YAML::anchor_t anchor) {
    ++nodes_;
    if (too_large()) throw YAML::Exception({}, "too many nodes");
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node.kind == Node::Kind::List) {
      open_.back().node.items.push_back(std::move(node));
    } else if (!open_.back().has_key) {
      take_key(open_.back(), node);
    } else {
      take_value(open_.back(), std::move(node));
    }
  }

  void take_key(Open& map, const Node& key) {
    if (key.kind != Node::Kind::Scalar) {
      report_.add(key.place, path(), "a key must be plain text");
    }
    map.has_key = true;
    map.dropped = true;
    map.entry = {key.text, key.place, {}};
    if (key.kind != Node::Kind::Scalar) return;
    if (const Entry* first = find_entry(map.node, key.text)) {
      report_.add(key.place, path(),
                  fmt::format("duplicate key, first at line {}", first->place.line));
    } else {
      map.dropped = false;
    }
  }

  static void take_value(Open& map, Node value) {
    map.has_key = false;
    if (map.dropped) return;
    map.entry.value = std::move(value);
    map.node.entries.push_back(std::move(map.entry));
  }

  std::string path() const {
    std::string joined;
    for (const Open& open : open_) {
      if (open.node.kind == Node::Kind::List) {
        joined += fmt::format("[{}]", open.node.items.size());
      } else if (open.has_key) {
        joined = join_path(joined, open.entry.key);
      }
    }
    return joined;
  }

  std::string_view text_;
  Report& report_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
  Place document_;
  std::size_t nodes_ = 0;
};

}  // namespace

std::optional<Node> read_yaml(const std::string& text, Report& report) {
  TreeBuilder first(text, report);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(first)) {
      report.add({}, "", "is empty");
      return std::nullopt;
    }
    Report unused(report.file());
    if (TreeBuilder second(text, unused); parser.HandleNextDocument(second)) {
      report.add(second.document(), "", "a second document begins here; a file holds one");
    }
  } catch (const YAML::Exception& exception) {
    if (first.too_large()) {
      report.add({}, "", fmt::format("has more than {} values", kNodesMax));
    } else {
      report.add(
          place_of(exception.mark), "",
          "not valid YAML: " + message_of(exception) + about_tabs(text, exception.mark.line + 1));
    }
    return std::nullopt;
  }
  return first.take();
}

}  // namespace outrider::config
