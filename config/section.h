// The field table of an options struct: from it come parsing, defaults, the errors and the
// reference. Used by whoever has options: relay/app and the connectors.
#pragma once

#include "config/description.h"
#include "config/effective.h"
#include "config/read_value.h"
#include "config/reader.h"
#include "config/rules.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace outrider::config {

/// One key of a section that fills a struct T.
template <typename T>
class AnyField {
 public:
  AnyField(std::string name, std::string help) : name_(std::move(name)), help_(std::move(help)) {}
  virtual ~AnyField() = default;

  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  virtual bool is_required() const = 0;
  virtual void read(Reader& reader, const Spot& spot, T& into) const = 0;
  virtual FieldDescription description(const T& defaults) const = 0;
  virtual EffectiveValue effective(const T& from, const EffectiveSpot& spot) const = 0;

 private:
  std::string name_;
  std::string help_;
};

/// A key that fills one member. The calls after the first say its rules and may be chained.
template <typename T, typename M>
class Field final : public AnyField<T> {
 public:
  using Leaf = LeafOf<M>;

  Field(std::string name, M T::* member, std::string help)
      : AnyField<T>(std::move(name), std::move(help)), member_(member) {}

  Field& required() { return rules_.required = true, *this; }
  /// Its value never shows, in errors neither.
  Field& secret() { return rules_.secret = true, *this; }
  /// A whole number written as a size: `64MiB`.
  Field& bytes() { return rules_.bytes = true, *this; }
  Field& not_empty() { return rules_.not_empty = true, *this; }
  /// Both included.
  Field& range(Leaf least, Leaf most) { return rules_.least = least, rules_.most = most, *this; }
  Field& names(std::initializer_list<std::pair<std::string, Leaf>> names) {
    return rules_.names = names, *this;
  }
  Field& check(Check<Leaf> check) { return rules_.check = std::move(check), *this; }
  Field& check_key(Check<std::string> check) { return rules_.check_key = std::move(check), *this; }

  bool is_required() const override { return rules_.required; }

  void read(Reader& reader, const Spot& spot, T& into) const override {
    read_value(reader, Spot{spot.node, spot.path, spot.secret || rules_.secret}, rules_,
               into.*member_);
  }

  FieldDescription description(const T& defaults) const override {
    FieldDescription described = describe_value(defaults.*member_, rules_);
    described.name = this->name();
    described.help = this->help();
    return described;
  }

  EffectiveValue effective(const T& from, const EffectiveSpot& spot) const override {
    EffectiveSpot here = spot;
    here.secret = spot.secret || rules_.secret;
    return effective_value(from.*member_, rules_, here);
  }

 private:
  M T::* member_;
  Rules<Leaf> rules_;
};

template <typename T>
class Group;

/// All keys of a map in the file that fills a struct T.
template <typename T>
class Section {
 public:
  template <typename M>
  Field<T, M>& field(std::string name, M T::* member, std::string help) {
    auto added = std::make_unique<Field<T, M>>(std::move(name), member, std::move(help));
    Field<T, M>& reference = *added;
    fields_.push_back(std::move(added));
    return reference;
  }

  /// A map of its own in the file whose keys fill the same struct.
  Section& group(std::string name, std::string help) {
    auto added = std::make_unique<Group<T>>(std::move(name), std::move(help));
    Section& inner = added->section();
    fields_.push_back(std::move(added));
    return inner;
  }

  /// Not two of these keys.
  void at_most_one(std::vector<std::string> names) { at_most_one_.push_back(std::move(names)); }
  /// One of these keys and no other of them.
  void exactly_one(std::vector<std::string> names) {
    one_needed_.push_back(names);
    at_most_one(std::move(names));
  }

  void read(Reader& reader, const Spot& spot, T& into) const {
    const Node* const map = reader.map(spot);
    if (map == nullptr) return;
    std::vector<std::string> known;
    for (const auto& field : fields_) known.push_back(field->name());
    for (const Entry& entry : map->entries) {
      const std::string path = join_path(spot.path, entry.key);
      reader.report().remember(path, entry.place);
      const auto field = std::ranges::find_if(
          fields_, [&](const auto& candidate) { return candidate->name() == entry.key; });
      if (field == fields_.end()) {
        reader.unknown_key(entry, path, known);
      } else {
        (*field)->read(reader, Spot{entry.value, path, spot.secret}, into);
      }
    }
    check_presence(reader, spot.path, *map);
  }

  /// The table for people: the keys in their order, defaults from `defaults`.
  std::vector<FieldDescription> description(const T& defaults) const {
    std::vector<FieldDescription> described;
    for (const auto& field : fields_) described.push_back(field->description(defaults));
    return described;
  }

  /// Every key with its value in `from`; `spot` is the map around them.
  std::vector<EffectiveValue> effective(const T& from, const EffectiveSpot& spot) const {
    std::vector<EffectiveValue> values;
    for (const auto& field : fields_) {
      values.push_back(field->effective(from, spot.below(field->name())));
    }
    return values;
  }

 private:
  void check_presence(Reader& reader, const std::string& path, const Node& map) const {
    for (const auto& field : fields_) {
      if (field->is_required() && find_entry(map, field->name()) == nullptr) {
        reader.report().about(join_path(path, field->name()), "is missing");
      }
    }
    for (const auto& names : at_most_one_) {
      const std::vector<std::string> given = present(map, names);
      if (given.size() > 1) {
        reader.report().about(path, "only one of these may be given: " + list_words(given));
      }
    }
    for (const auto& names : one_needed_) {
      if (present(map, names).empty()) {
        reader.report().about(path, "one of these must be given: " + list_words(names));
      }
    }
  }

  static std::vector<std::string> present(const Node& map, const std::vector<std::string>& names) {
    std::vector<std::string> found;
    for (const std::string& name : names) {
      if (find_entry(map, name) != nullptr) found.push_back(name);
    }
    return found;
  }

  std::vector<std::unique_ptr<AnyField<T>>> fields_;
  std::vector<std::vector<std::string>> at_most_one_;
  std::vector<std::vector<std::string>> one_needed_;
};

/// A key whose map fills the same struct as the map around it.
template <typename T>
class Group final : public AnyField<T> {
 public:
  using AnyField<T>::AnyField;

  Section<T>& section() { return section_; }
  bool is_required() const override { return false; }
  void read(Reader& reader, const Spot& spot, T& into) const override {
    section_.read(reader, spot, into);
  }
  FieldDescription description(const T& defaults) const override {
    return {.name = this->name(),
            .type = "map",
            .help = this->help(),
            .children = section_.description(defaults)};
  }
  EffectiveValue effective(const T& from, const EffectiveSpot& spot) const override {
    return {.name = spot.name,
            .path = spot.path,
            .kind = EffectiveValue::Kind::Map,
            .children = section_.effective(from, spot)};
  }

 private:
  Section<T> section_;
};

template <typename T>
void read_described(Reader& reader, const Spot& spot, T& value) {
  Section<T> section;
  describe(section);
  section.read(reader, spot, value);
}

template <typename T>
std::vector<FieldDescription> describe_fields() {
  Section<T> section;
  describe(section);
  return section.description(T{});
}

template <typename T>
std::vector<EffectiveValue> effective_fields(const T& value, const EffectiveSpot& spot) {
  Section<T> section;
  describe(section);
  return section.effective(value, spot);
}

/// The values of a whole configuration; of its secrets only what `disclosures` says.
template <typename T>
std::vector<EffectiveValue> effective_values(const T& value, const Disclosures& disclosures) {
  return effective_fields(value, EffectiveSpot{.disclosures = disclosures});
}

}  // namespace outrider::config
