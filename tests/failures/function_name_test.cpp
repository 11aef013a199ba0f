// SPDX-License-Identifier: MIT
#include <warren/runtime/function_name.hpp>

#include <cxxabi.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

std::string readable(const std::string& mangled, std::size_t room = 512) {
  std::string to(room, '\0');
  return std::string(warren::runtime::readable_name(mangled.c_str(), to.data(), room));
}

std::string demangled(const char* mangled) {
  int status = 0;
  char* text = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string copy = status == 0 ? text : "";
  std::free(text);
  return copy;
}

struct example {
  const char* mangled;
  const char* full;  // as the C++ runtime demangles it
  const char* readable;
};

constexpr example examples[] = {
    {"_Z3foov", "foo()", "foo()"},
    {"_Z3fooi", "foo(int)", "foo(...)"},
    {"_ZN4shop5queueIiE3addERKiNS_8priorityE", "shop::queue<int>::add(int const&, shop::priority)",
     "shop::queue<...>::add(...)"},
    {"_ZNK4shop5queueIiE4sizeEv", "shop::queue<int>::size() const", "shop::queue<...>::size()"},
    {"_ZN4shop5queueIiEC2Ev", "shop::queue<int>::queue()", "shop::queue<...>::queue()"},
    {"_ZN4shop5queueIiED0Ev", "shop::queue<int>::~queue()", "shop::queue<...>::~queue()"},
    {"_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()() const", "main::{lambda#1}()"},
    {"_ZZ4mainENKUliE1_clEi", "main::{lambda(int)#3}::operator()(int) const", "main::{lambda#3}(...)"},
    {"_ZZZ4mainENKUlvE_clEvENKUlvE0_clEv",
     "main::{lambda()#1}::operator()() const::{lambda()#2}::operator()() const", "main::{lambda#1}::{lambda#2}()"},
    {"_ZZ1fiENKUlT_E_clIdEEDaS_", "auto f(int)::{lambda(auto:1)#1}::operator()<double>(double) const",
     "f::{lambda#1}<...>(...)"},
    {"_ZN12_GLOBAL__N_14workEv", "(anonymous namespace)::work()", "(anonymous namespace)::work()"},
    {"_Z3maxIiET_S0_S0_", "int max<int>(int, int)", "max<...>(...)"},
    {"_Z4makeIiET_v", "int make<int>()", "make<...>()"},
    {"_ZlsRSoRK5error", "operator<<(std::ostream&, error const&)", "operator<<(...)"},
    {"_ZN5thingcvbEv", "thing::operator bool()", "thing::operator cast()"},
    {"_Zli3_kmy", "operator\"\" _km(unsigned long long)", "operator\"\"_km(...)"},
    {"_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back(int&&)",
     "std::vector<...>::push_back(...)"},
    {"_ZThn8_N4shop5clerk4workEv", "non-virtual thunk to shop::clerk::work()", "shop::clerk::work()"},
    {"_ZN4shop4openB5cxx11Ev", "shop::open[abi:cxx11]()", "shop::open()"},
    {"_ZN4shop4callIXadL_ZNS_4workEvEEEEvv", "void shop::call<&shop::work>()", "shop::call<...>()"},
    {"_ZN4shop5arrayILm3ELb1EE3getEv", "shop::array<3ul, true>::get()", "shop::array<...>::get()"},
    {"_ZN4shop3runIJiPFvvERA3_KcMNS_5clerkEFvvEEEEvDpT_",
     "void shop::run<int, void (*)(), char const (&) [3], void (shop::clerk::*)()>(int, void (*)(), char const (&) "
     "[3], void (shop::clerk::*)())",
     "shop::run<...>(...)"},
    {"_ZL4workv.part.0", "work() [clone .part.0]", "work()"},
};

TEST(function_name, is_short_and_says_the_same_as_the_full_one) {
  for (const example& e : examples) {
    EXPECT_EQ(demangled(e.mangled), e.full);
    EXPECT_EQ(readable(e.mangled), e.readable);
  }
}

TEST(function_name, of_clangs_closures_is_that_of_lambdas) {
  EXPECT_EQ(readable("_ZZ4mainENK3$_0clEv"), "main::{lambda#1}()");
}

TEST(function_name, of_c_functions_is_plain) {
  EXPECT_EQ(readable("main"), "main(...)");
  EXPECT_EQ(readable("main.cold"), "main(...)");
  EXPECT_EQ(readable("work<int, shop::order>"), "work<...>(...)");
  EXPECT_EQ(readable("operator()"), "operator()(...)");
}

TEST(function_name, that_cannot_be_read_comes_back) {
  for (const char* strange : {"_Z", "_Z3fo", "_ZN4shop", "_ZZ4main", "_ZDTplfp_fp0_E", "_ZN4shop3runIXplLi1ELi2EEEEvv"}) {
    EXPECT_EQ(readable(strange), strange);
  }
}

TEST(function_name, is_cut_off_where_the_room_ends) {
  EXPECT_EQ(readable("_ZN4shop5queueIiE3addERKiNS_8priorityE", 10), "shop::queu");
  EXPECT_EQ(readable("a_function_of_c", 4), "a_fu");
  EXPECT_EQ(readable("_Z3", 2), "_Z");
}

TEST(function_name, bears_types_as_deep_as_they_come) {
  const std::string pointers(10'000, 'P');
  const std::string deep = "_Z1fI" + pointers + "iEvv";
  EXPECT_EQ(readable(deep, deep.size()), deep);
}

}  // namespace
