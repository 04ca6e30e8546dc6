#include "samples/service/fields.h"

#include <algorithm>
#include <cctype>

namespace service {
namespace {

// Deeper bodies than any of ours would only cost stack.
constexpr int kDepthMost = 16;

bool has_control_character(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

std::size_t characters_in(const std::string& utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string uuid_of(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kForm.size()) return {};
  std::string uuid;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (kForm[i] == '-' ? c != '-' : std::isxdigit(c) == 0) return {};
    uuid += static_cast<char>(std::tolower(c));
  }
  return uuid;
}

Fields::Fields(const std::string& body) {
  bool too_deep = false;
  const auto look_at_depth = [&](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    too_deep = too_deep || depth > kDepthMost;
    return !too_deep;
  };
  body_ = nlohmann::json::parse(body, look_at_depth, false);
  if (!body_.is_object() || too_deep) {
    is_object_ = false;
    body_ = nlohmann::json::object();
  }
}

const nlohmann::json* Fields::find(const std::string& name) {
  known_.push_back(name);
  const auto found = body_.find(name);
  return found == body_.end() ? nullptr : &*found;
}

void Fields::wrong(const std::string& name, const std::string& what) {
  if (!problems_.empty()) problems_ += "; ";
  problems_ += name + " " + what;
}

std::string Fields::text(const std::string& name, std::size_t characters_max) {
  const nlohmann::json* const value = find(name);
  if (value != nullptr && value->is_string()) {
    std::string text = value->get<std::string>();
    const std::size_t characters = characters_in(text);
    if (characters > 0 && characters <= characters_max && !has_control_character(text)) return text;
  }
  wrong(name, "must be a text of 1 to " + std::to_string(characters_max) +
                  " characters without control characters");
  return {};
}

std::string Fields::email(const std::string& name) {
  constexpr std::size_t kEmailMost = 254;
  const nlohmann::json* const value = find(name);
  if (value != nullptr && value->is_string()) {
    std::string email = value->get<std::string>();
    const std::size_t at = email.find('@');
    const bool plausible = at != std::string::npos && at > 0 && at + 1 < email.size() &&
                           email.find('@', at + 1) == std::string::npos &&
                           email.find(' ') == std::string::npos && !has_control_character(email);
    if (plausible && email.size() <= kEmailMost) return email;
  }
  wrong(name, "must be an e-mail address such as ada@example.org");
  return {};
}

std::string Fields::uuid(const std::string& name) {
  std::string uuid = optional_uuid(name);
  if (uuid.empty() && !body_.contains(name)) wrong(name, "is missing");
  return uuid;
}

std::string Fields::optional_uuid(const std::string& name) {
  const nlohmann::json* const value = find(name);
  if (value == nullptr) return {};
  std::string uuid = value->is_string() ? uuid_of(value->get_ref<const std::string&>()) : "";
  if (uuid.empty()) wrong(name, "must be a UUID");
  return uuid;
}

std::int64_t Fields::whole(const std::string& name, std::int64_t least, std::int64_t most) {
  const nlohmann::json* const value = find(name);
  if (value != nullptr && value->is_number_integer()) {
    const bool is_huge = value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX;
    const std::int64_t number = is_huge ? INT64_MAX : value->get<std::int64_t>();
    if (number >= least && number <= most) return number;
  }
  wrong(name,
        "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

std::string Fields::problems() const {
  if (!is_object_) return "the body must be a JSON object";
  std::string problems = problems_;
  for (const auto& [name, value] : body_.items()) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    if (!problems.empty()) problems += "; ";
    problems += nlohmann::json(name).dump(-1, ' ', true) + " is not a field of this request";
  }
  return problems;
}

}  // namespace service
