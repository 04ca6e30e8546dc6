// Reads the JSON object of a request, field by field; says everything that is wrong at once. Used
// by the sample services.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace service {

/// A UUID in its usual form, in lower case as Postgres writes it; empty if the text is none.
std::string uuid_of(std::string_view text);

class Fields {
 public:
  explicit Fields(const std::string& body);

  std::string text(const std::string& name, std::size_t characters_max);
  std::string email(const std::string& name);
  std::string uuid(const std::string& name);
  /// Empty if the field is not there.
  std::string optional_uuid(const std::string& name);
  std::int64_t whole(const std::string& name, std::int64_t least, std::int64_t most);

  /// What is wrong, fields that nobody asked for included; empty: nothing.
  std::string problems() const;

 private:
  const nlohmann::json* find(const std::string& name);
  void wrong(const std::string& name, const std::string& what);

  nlohmann::json body_;
  std::vector<std::string> known_;
  std::string problems_;
  bool is_object_ = true;
};

}  // namespace service
