// Reads big-endian fields from a server's message without ever leaving it; used by the codecs of
// connectors/postgres.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace outrider::postgres {

/// Walks once over a message that outlives it. The first read beyond the end makes the reader fail:
/// from then on it stands still, gives zeros and empty views, and ok() is false. So a decoder may
/// read all fields of a message and ask once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  /// Bytes read so far; after a failure, where the missing field begins.
  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return bytes_.size() - offset_; }

  template <std::unsigned_integral T>
  T number() {
    if (!ok_ || remaining() < sizeof(T)) {
      ok_ = false;
      return 0;
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    return value;
  }

  template <std::signed_integral T>
  T signed_number() {
    return static_cast<T>(number<std::make_unsigned_t<T>>());
  }

  char character() { return static_cast<char>(number<std::uint8_t>()); }

  std::string_view take(std::size_t count) {
    if (!ok_ || remaining() < count) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(offset_, count);
    offset_ += count;
    return taken;
  }

  /// A string that ends with a NUL, which is read but not part of the view.
  std::string_view terminated() {
    const std::size_t end = ok_ ? bytes_.find('\0', offset_) : std::string_view::npos;
    if (end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const std::string_view text = bytes_.substr(offset_, end - offset_);
    offset_ = end + 1;
    return text;
  }

  std::string_view rest() { return take(remaining()); }

 private:
  std::string_view bytes_;
  std::size_t offset_ = 0;
  bool ok_ = true;
};

}  // namespace outrider::postgres
