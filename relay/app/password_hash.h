// bcrypt hashes, as htpasswd -B makes them; used by the HTTP server.
#pragma once

#include <string>

namespace outrider::app {

bool is_password_hash(const std::string& text);

/// Takes as long as the hash's cost says, tens of milliseconds and more, whatever the answer.
bool is_password_of(const std::string& password, const std::string& hash);

}  // namespace outrider::app
