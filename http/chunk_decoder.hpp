// SPDX-License-Identifier: MIT
#pragma once

// The chunked transfer coding, taken apart: a state machine that is fed pieces and never waits, reads or allocates but for
// trailers. Source: RFC 9112 section 7.1.
//
//     size [;extensions] CR LF  data CR LF  …  0 [;extensions] CR LF  [trailers]  CR LF
//
// Laws
//   * As in head_parser.hpp: wrong is wrong with the first byte that makes it so, whatever the pieces are.
//   * A size has at most 16 digits and is less than 2^63. A line has at most 4096 bytes. Extensions are dropped, but must
//     be well-formed: no control characters, and no quote left open at the end of the line.
//   * Lines may not be much more than what they frame: see `excess_`.
//   * Trailers never become fields of the head. Those that would change what the message is (framing, Host) are refused;
//     those that stand for the head alone (credentials, Content-…, Connection) are dropped.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../errors/error.hpp"
#include "field_lines.hpp"
#include "header.hpp"

namespace warren::http {

enum class chunk_status : std::uint8_t {
  more,  ///< all that was given is used up, or the room is: go on with more
  done,  ///< the end of the message was read
  bad,   ///< error() says why
};

struct chunk_step {
  std::size_t consumed = 0;  ///< of what was given
  std::size_t produced = 0;  ///< put into the room
  chunk_status status = chunk_status::more;
};

/// Malformed chunks and trailers. Texts as Go's.
inline constexpr errors::sentinel chunk_too_long_object{"http chunk length too large"};
inline constexpr errors::sentinel chunk_bad_length_object{"invalid byte in chunk length"};
inline constexpr errors::sentinel chunk_no_length_object{"empty hex number for chunk length"};
inline constexpr errors::sentinel chunk_malformed_object{"malformed chunked encoding"};
inline constexpr errors::sentinel chunk_bare_lf_object{"chunked line ends with bare LF"};
inline constexpr errors::sentinel chunk_bare_cr_object{"invalid CR in chunked line"};
inline constexpr errors::sentinel chunk_line_too_long_object{"header line too long"};
inline constexpr errors::sentinel chunk_excess_object{"chunked encoding contains too much non-data"};
inline constexpr errors::sentinel bad_extension_object{"malformed chunk extension"};
inline constexpr errors::sentinel bad_trailer_object{"malformed trailer"};
inline constexpr errors::sentinel forbidden_trailer_object{"forbidden trailer field"};
inline constexpr errors::sentinel unannounced_trailer_object{"trailer field was not announced"};
inline constexpr errors::sentinel trailer_too_large_object{"trailers too large"};

class chunk_decoder {
 public:
  struct limits {
    std::size_t max_trailer_bytes = 64 * 1024;
    std::size_t max_trailers = 500;
    /// Spaces after a size, which some servers write, are let pass.
    bool spaces_after_size = false;
    /// Trailers need not have been named in a Trailer field before.
    bool unannounced_trailers = false;
  };

  chunk_decoder() noexcept = default;

  /// For the next message. `announced`: the names in its Trailer fields, with commas between.
  void start(const limits& l, std::string_view announced = {});

  /// Goes on: takes some of `in`, and puts data into `out`. With `more` either all of `in` is used, or `out` is full.
  chunk_step step(std::string_view in, std::span<char> out);

  /// With how many bytes of data the current chunk goes on. A reader may take them from elsewhere and tell `skip`.
  std::uint64_t data_left() const noexcept { return state_ == state::data ? left_ : 0; }
  void skip_data(std::size_t n) noexcept;

  /// Of a message that is done.
  header& trailers() noexcept { return trailers_; }

  /// Of a message that is bad.
  const warren::error& failure() const noexcept { return failure_; }

  void release_memory() noexcept;

 private:
  enum class state : std::uint8_t {
    size,
    after_size,
    extension,
    quoted,
    escaped,
    line_end,
    data,
    data_cr,
    data_lf,
    trailers,
    done,
    bad
  };

  void refuse(const warren::error& why) noexcept;
  void take_framing(char c);
  void take_size(char c);
  void take_after_size(char c);
  void take_extension(char c);
  void take_quoted(char c);
  void end_size_line();
  std::size_t take_trailers(std::string_view in);
  void read_trailers();
  void check_trailer(std::string_view name);

  limits limits_;
  state state_ = state::size;
  std::uint8_t digits_ = 0;
  std::uint16_t line_size_ = 0;
  std::uint64_t left_ = 0;
  /// Bytes of lines beyond 16 for each chunk and twice its data, as Go counts: at most 16 KiB.
  std::int64_t excess_ = 0;
  warren::error failure_;
  std::string announced_;
  std::string text_;  ///< of the trailers
  field_lines lines_;
  std::vector<field_place> places_;
  header trailers_;
};

}  // namespace warren::http
