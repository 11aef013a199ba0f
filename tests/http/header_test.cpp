// SPDX-License-Identifier: MIT
#include <warren/http/header.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace warren;
using http::header;
using pairs = std::vector<std::pair<std::string, std::string>>;

pairs all_of(const header& h) {
  pairs all;
  for (const auto& [name, value] : h) all.emplace_back(name, value);
  return all;
}

std::string wire(const header& h) {
  std::string text;
  h.write_to(text);
  return text;
}

TEST(http_header, names_are_written_as_go_does) {
  const std::pair<std::string, std::string> cases[] = {
      {"content-type", "Content-Type"},
      {"CONTENT-TYPE", "Content-Type"},
      {"x", "X"},
      {"", ""},
      {"a--b", "A--B"},
      {"-a-", "-A-"},
      {"a b", "a b"},
      {"a\351", "a\351"},
      {"www-authenticate", "Www-Authenticate"},
      {"dnt", "Dnt"},
      {"eTag", "Etag"},
      {"x_y-z", "X_y-Z"},
      {"!a-b", "!a-B"},
  };
  for (const auto& [name, want] : cases) EXPECT_EQ(http::canonical_name(name), want);
}

TEST(http_header, an_empty_one) {
  const header h;
  EXPECT_TRUE(h.empty());
  EXPECT_EQ(h.size(), 0U);
  EXPECT_EQ(h.begin(), h.end());
  EXPECT_EQ(h.get("a"), "");
  EXPECT_EQ(h.find("a"), std::nullopt);
  EXPECT_FALSE(h.has("a"));
  EXPECT_TRUE(h.values("a").empty());
  EXPECT_EQ(wire(h), "");
}

TEST(http_header, names_have_no_case_and_order_is_kept) {
  header h;
  h.add("b-c", "1");
  h.add("a", "2");
  h.add("B-C", "3");
  EXPECT_EQ(all_of(h), (pairs{{"B-C", "1"}, {"A", "2"}, {"B-C", "3"}}));
  EXPECT_EQ(h.get("B-c"), "1");
  EXPECT_EQ(h.values("b-C"), (std::vector<std::string>{"1", "3"}));
  h.set("B-c", "a longer value");
  EXPECT_EQ(all_of(h), (pairs{{"B-C", "a longer value"}, {"A", "2"}}));
  h.set("b-c", "");
  EXPECT_EQ(h.find("b-c"), "");
  h.del("A");
  EXPECT_EQ(all_of(h), (pairs{{"B-C", ""}}));
  h.clear();
  EXPECT_TRUE(h.empty());
}

TEST(http_header, copies_are_apart) {
  header a;
  a.set("x", "1");
  header b = a;
  EXPECT_EQ(a, b);
  b.set("x", "2");
  EXPECT_EQ(a.get("x"), "1");
  EXPECT_FALSE(a == b);
  header c = std::move(b);
  EXPECT_EQ(c.get("x"), "2");
  c.swap(a);
  EXPECT_EQ(c.get("x"), "1");
  EXPECT_EQ(a.get("x"), "2");
}

TEST(http_header, a_value_may_come_from_the_header_itself) {
  header h;
  h.set("a", std::string(100, 'x'));
  for (int i = 0; i < 50; ++i) {
    h.add("b", *h.find("a"));
    h.set("c", *h.find("b"));
    h.set(*h.find("a"), *h.find("c"));
  }
  EXPECT_EQ(h.get("c"), std::string(100, 'x'));
  EXPECT_EQ(h.values("b").size(), 50U);
  for (const std::string& value : h.values("b")) EXPECT_EQ(value, std::string(100, 'x'));
}

TEST(http_header, nothing_breaks_out_of_its_line) {
  using namespace std::string_literals;
  header h;
  h.add("Good", "a\r\nEvil: b");
  h.add("Ends", "\r\n a\n");
  h.add("Nul", "a\0b"s);
  h.add("", "empty");
  h.add("Bad name", "x");
  h.add("Bad\r\nEvil", "x");
  h.add("Bad:", "x");
  h.add("Tab", "\ta\tb ");
  h.add("High", "caf\xe9");
  EXPECT_EQ(wire(h), "Good: a  Evil: b\r\nEnds: a\r\nNul: a b\r\nTab: a\tb\r\nHigh: caf\xe9\r\n");
  EXPECT_EQ(h.get("good"), "a\r\nEvil: b");
  EXPECT_EQ(h.get("bad name"), "x");
}

TEST(http_header, what_is_valid) {
  EXPECT_TRUE(http::is_valid_name("X-y_1"));
  for (const char* bad : {"", " ", "a b", "a:", "a\r", "\xe9"}) EXPECT_FALSE(http::is_valid_name(bad)) << bad;
  EXPECT_TRUE(http::is_valid_value(""));
  EXPECT_TRUE(http::is_valid_value("a\tb \xff and more than eight bytes"));
  for (int c = 0; c < 256; ++c) {
    const bool good = c == '\t' || (c >= ' ' && c != 0x7f);
    for (std::size_t at = 0; at < 20; ++at) {
      std::string value(20, 'a');
      value[at] = static_cast<char>(c);
      EXPECT_EQ(http::is_valid_value(value), good) << c << " at " << at;
      value[(at + 5) % 20] = '\x80';
      EXPECT_EQ(http::is_valid_value(value), good) << c << " at " << at;
    }
  }
}

/// The same operations on a plain list.
class model {
 public:
  void add(const std::string& name, const std::string& value) { fields_.emplace_back(name, value); }
  void set(const std::string& name, const std::string& value) {
    bool done = false;
    pairs kept;
    for (auto& f : fields_) {
      if (f.first != name) {
        kept.push_back(f);
      } else if (!done) {
        kept.emplace_back(name, value);
        done = true;
      }
    }
    if (!done) kept.emplace_back(name, value);
    fields_ = kept;
  }
  void del(const std::string& name) {
    std::erase_if(fields_, [&](const auto& f) { return f.first == name; });
  }
  const pairs& fields() const { return fields_; }

 private:
  pairs fields_;
};

TEST(http_header, random_operations_agree_with_a_list) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    header h;
    model m;
    for (int i = 0; i < 300; ++i) {
      const std::string name(1 + random() % 3, static_cast<char>('A' + random() % 2));
      const std::string canonical = http::canonical_name(name);
      const std::string value(random() % 40, static_cast<char>('a' + random() % 26));
      switch (random() % 4) {
        case 0:
          h.add(name, value), m.add(canonical, value);
          break;
        case 1:
        case 2:
          h.set(name, value), m.set(canonical, value);
          break;
        default:
          if (random() % 4 == 0) h.del(name), m.del(canonical);
      }
      ASSERT_EQ(all_of(h), m.fields());
    }
  }
}

TEST(http_header, setting_again_and_again_does_not_grow_the_memory) {
  header h;
  h.set("other", "x");
  for (int i = 0; i < 100'000; ++i) h.set("x", std::string(static_cast<std::size_t>(i % 50), 'y'));
  EXPECT_EQ(h.get("x"), std::string(49, 'y'));
  EXPECT_EQ(h.size(), 2U);
  EXPECT_LT(h.memory(), 4096U);
}

}  // namespace
