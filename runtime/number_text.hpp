// SPDX-License-Identifier: MIT
#pragma once

// Floating-point numbers as Go prints them: the fewest digits that read back as the same number.

#include <cstddef>
#include <string_view>

namespace warren::runtime {

inline constexpr std::size_t number_text_room = 64;

std::string_view text_of_number(float n, char (&room)[number_text_room]) noexcept;
std::string_view text_of_number(double n, char (&room)[number_text_room]) noexcept;
std::string_view text_of_number(long double n, char (&room)[number_text_room]) noexcept;

}  // namespace warren::runtime
