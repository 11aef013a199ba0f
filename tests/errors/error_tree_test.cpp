// SPDX-License-Identifier: MIT
// Walking, printing and taking apart trees of errors. The tables follow the behaviour of Go's package errors.
#include <warren/errors/error.hpp>

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using warren::error;
using warren::nil;
namespace errors = warren::errors;

/// A type with data, as Go's tests have it.
struct tagged : errors::base {
  std::string tag;
  explicit tagged(std::string t) : tag(std::move(t)) {}
  std::string message() const override { return "tagged(" + tag + ")"; }
};

/// A wrapper of one whose text does not name what it wraps.
struct wrapper : errors::base {
  std::string text;
  error inner;
  wrapper(std::string t, error e) : text(std::move(t)), inner(std::move(e)) {}
  std::string message() const override { return text; }
  error unwrap() const override { return inner; }
};

/// A wrapper of several, nil ones included.
struct several : errors::base {
  std::vector<error> held;
  explicit several(std::vector<error> h) : held(std::move(h)) {}
  std::string message() const override { return "several"; }
  std::span<const error> unwrap_all() const override { return held; }
};

/// Says itself what it counts as.
struct poser : errors::base {
  std::function<bool(const error&)> match;
  explicit poser(std::function<bool(const error&)> m) : match(std::move(m)) {}
  std::string message() const override { return "poser"; }
  bool is(error target) const override { return match(target); }
};

/// Counts as everything of its own type.
struct alike : errors::base {
  std::string message() const override { return "alike"; }
  bool is(error target) const override { return dynamic_cast<const alike*>(target.get()) != nullptr; }
};

TEST(errors_is, follows_the_table_of_go) {
  error err1 = errors::make("1");
  error erra = wrapper{"wrap 2", err1};
  error errb = wrapper{"wrap 3", erra};
  error err3 = errors::make("3");
  error either = poser{[=](const error& e) { return e == err1 || e == err3; }};
  auto multi = [](std::vector<error> held) { return error(several{std::move(held)}); };

  struct row {
    error err;
    error target;
    bool want;
  };
  const row rows[] = {
      {nil, nil, true},
      {nil, err1, false},
      {err1, nil, false},
      {err1, err1, true},
      {erra, err1, true},
      {errb, err1, true},
      {errb, erra, true},
      {err1, err3, false},
      {err1, erra, false},
      {erra, err3, false},
      {errb, err3, false},
      {either, err1, true},
      {either, err3, true},
      {either, erra, false},
      {either, errb, false},
      {alike{}, alike{}, true},
      {alike{}, err1, false},
      {err1, alike{}, false},
      {wrapper{"wrap", alike{}}, alike{}, true},
      {multi({}), err1, false},
      {multi({err1, err3}), err1, true},
      {multi({err3, err1}), err1, true},
      {multi({err1, err3}), errors::make("x"), false},
      {multi({err3, errb}), errb, true},
      {multi({err3, errb}), erra, true},
      {multi({err3, errb}), err1, true},
      {multi({errb, err3}), err1, true},
      {multi({errb, err3}), err3, true},
      {multi({either}), err1, true},
      {multi({either}), err3, true},
      {multi({nil}), nil, false},
      {multi({nil, err1}), err1, true},
      {multi({multi({nil}), multi({err3, multi({erra})})}), err1, true},
  };
  for (const row& r : rows) {
    EXPECT_EQ(errors::is(r.err, r.target), r.want)
        << "is(" << r.err << ", " << r.target << "), row " << &r - rows;
  }
}

TEST(errors_as, finds_the_first_of_a_type_depth_first) {
  auto multi = [](std::vector<error> held) { return error(several{std::move(held)}); };
  struct row {
    error err;
    const char* want;
  };
  const row rows[] = {
      {nil, nullptr},
      {errors::make("a"), nullptr},
      {tagged{"T"}, "T"},
      {wrapper{"pitied the fool", tagged{"T"}}, "T"},
      {wrapper{"wrapped", nil}, nullptr},
      {multi({}), nullptr},
      {multi({nil}), nullptr},
      {multi({errors::make("a"), tagged{"T"}}), "T"},
      {multi({tagged{"T"}, errors::make("a")}), "T"},
      {multi({tagged{"a"}, tagged{"b"}}), "a"},
      {multi({multi({errors::make("a"), tagged{"a"}}), tagged{"b"}}), "a"},
      {multi({errors::wrap("deep", errors::wrap("deeper", tagged{"a"})), tagged{"b"}}), "a"},
      {errors::join(errors::make("x"), errors::wrap("y", tagged{"c"}), tagged{"d"}), "c"},
  };
  for (const row& r : rows) {
    const tagged* found = errors::as<tagged>(r.err);
    if (r.want == nullptr) {
      EXPECT_EQ(found, nullptr) << "row " << &r - rows;
    } else {
      ASSERT_NE(found, nullptr) << "row " << &r - rows;
      EXPECT_EQ(found->tag, r.want) << "row " << &r - rows;
    }
  }
}

struct temporary {
  virtual bool is_temporary() const = 0;

 protected:
  ~temporary() = default;
};

struct busy final : errors::base, temporary {
  std::string message() const override { return "busy"; }
  bool is_temporary() const override { return true; }
};

TEST(errors_as, finds_an_interface) {
  error err = errors::wrap("open", busy{});
  const temporary* found = errors::as<temporary>(err);
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(found->is_temporary());
  error other = errors::make("x");
  EXPECT_EQ(errors::as<temporary>(other), nullptr);
}

TEST(errors_as, gives_a_pointer_that_lives_as_long_as_the_error) {
  error err = errors::wrap("outer", wrapper{"middle", tagged{"inner"}});
  const tagged* found = errors::as<tagged>(err);
  error copy = err;
  err = nil;
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->tag, "inner");
}

template <class E>
concept as_works = requires(E&& e) {
  errors::as<tagged>(std::forward<E>(e));
};

TEST(errors_as, refuses_a_temporary) {
  static_assert(as_works<error&> && as_works<const error&>);
  static_assert(!as_works<error> && !as_works<const error>);
  static_assert(!as_works<tagged&>, "the copy on the heap would be gone");
}

TEST(errors_unwrap, gives_what_one_error_wraps) {
  error err1 = errors::make("1");
  error erra = errors::wrap("wrap 2", err1);
  EXPECT_TRUE(errors::unwrap(nil) == nil);
  EXPECT_TRUE(errors::unwrap(err1) == nil);
  EXPECT_TRUE(errors::unwrap(erra) == err1);
  EXPECT_TRUE(errors::unwrap(errors::wrap("wrap 3", erra)) == erra);
  EXPECT_TRUE(errors::unwrap(wrapper{"wrapped", nil}) == nil);
  EXPECT_TRUE(errors::unwrap(errors::join(err1, erra)) == nil) << "a join is not unwrapped";
}

TEST(errors_wrap, puts_its_text_before_the_other) {
  error err = errors::make("connection refused");
  error dial = errors::wrap("dial tcp", err);
  EXPECT_EQ(dial.message(), "dial tcp: connection refused");
  EXPECT_EQ(errors::wrap("Get", dial).message(), "Get: dial tcp: connection refused");
  EXPECT_EQ(errors::wrap("", err).message(), ": connection refused");
  EXPECT_TRUE(errors::is(dial, err));
  EXPECT_FALSE(dial == err);
}

TEST(errors_wrap, of_nil_is_not_nil) {
  error err = errors::wrap("while reading", nil);
  EXPECT_TRUE(err != nil);
  EXPECT_EQ(err.message(), "while reading: <nil>");
  EXPECT_TRUE(errors::unwrap(err) == nil);
  EXPECT_FALSE(errors::is(err, nil));
}

TEST(errors_join, of_nothing_is_nil) {
  EXPECT_TRUE(errors::join() == nil);
  EXPECT_TRUE(errors::join(nil) == nil);
  EXPECT_TRUE(errors::join(nil, error(), nil) == nil);
  EXPECT_TRUE(errors::join(std::span<const error>()) == nil);
}

TEST(errors_join, keeps_what_is_not_nil_in_order) {
  error err1 = errors::make("err1");
  error err2 = errors::make("err2");
  struct row {
    error joined;
    std::vector<error> want;
    const char* text;
  };
  const row rows[] = {
      {errors::join(err1), {err1}, "err1"},
      {errors::join(err1, err2), {err1, err2}, "err1\nerr2"},
      {errors::join(err1, nil, err2), {err1, err2}, "err1\nerr2"},
      {errors::join(nil, err2, err2), {err2, err2}, "err2\nerr2"},
  };
  for (const row& r : rows) {
    ASSERT_TRUE(r.joined != nil);
    const auto held = r.joined.get()->unwrap_all();
    EXPECT_TRUE(std::equal(held.begin(), held.end(), r.want.begin(), r.want.end())) << r.text;
    EXPECT_EQ(r.joined.message(), r.text);
  }
  EXPECT_FALSE(errors::join(err1) == err1);
}

TEST(errors_join, takes_a_list) {
  std::vector<error> list{errors::make("a"), nil, errors::make("b")};
  EXPECT_EQ(errors::join(list).message(), "a\nb");
  EXPECT_EQ(errors::join(std::span<const error>(list).first(1)).message(), "a");
  EXPECT_EQ(errors::join(tagged{"own"}, list[2]).message(), "tagged(own)\nb");
}

TEST(errors_join, prints_what_is_joined_or_wrapped_inside) {
  error inner = errors::join(errors::make("a"), errors::wrap("b", errors::make("c")));
  error outer = errors::join(errors::wrap("first", inner), nil, errors::make("last"));
  EXPECT_EQ(outer.message(), "first: a\nb: c\nlast");
  EXPECT_TRUE(errors::is(outer, inner));
}

struct late final : errors::base {
  std::string message() const override { return "late"; }
  bool is_timeout() const override { return true; }
};

TEST(errors_is_timeout, looks_at_the_whole_tree) {
  EXPECT_FALSE(errors::is_timeout(nil));
  EXPECT_FALSE(errors::is_timeout(errors::make("i/o timeout"))) << "the text says nothing";
  EXPECT_TRUE(errors::is_timeout(late{}));
  EXPECT_TRUE(errors::is_timeout(errors::wrap("read", late{})));
  EXPECT_TRUE(
      errors::is_timeout(wrapper{"read", errors::join(errors::make("x"), errors::wrap("y", late{}))}));
  EXPECT_FALSE(errors::is_timeout(errors::join(errors::make("x"), errors::make("y"))));
}

std::error_code system_code(int number) { return {number, std::system_category()}; }

TEST(errors_from, carries_an_error_code_there_and_back) {
  const std::error_code refused = system_code(ECONNREFUSED);
  error err = errors::wrap("connect", errors::from(refused));
  EXPECT_EQ(err.message(), "connect: " + refused.message());
  const std::error_code* code = errors::as<std::error_code>(err);
  ASSERT_NE(code, nullptr);
  EXPECT_EQ(*code, refused);
  EXPECT_TRUE(*code == std::errc::connection_refused);
  error plain = errors::make("plain");
  EXPECT_EQ(errors::as<std::error_code>(plain), nullptr);
  error none;
  EXPECT_EQ(errors::as<std::error_code>(none), nullptr);
}

TEST(errors_from, makes_nil_of_success) {
  EXPECT_TRUE(errors::from({}) == nil);
  EXPECT_TRUE(errors::from(system_code(0)) == nil);
}

TEST(errors_from, makes_errors_that_are_each_other_when_their_codes_are) {
  error system = errors::wrap("open", errors::from(system_code(ENOENT)));
  EXPECT_TRUE(errors::is(system, errors::from(system_code(ENOENT))));
  EXPECT_TRUE(errors::is(system, errors::from(std::make_error_code(std::errc::no_such_file_or_directory))));
  EXPECT_FALSE(errors::is(system, errors::from(system_code(EACCES))));
  EXPECT_FALSE(errors::is(system, errors::make(system_code(ENOENT).message())));
}

TEST(errors_from, knows_the_timeouts_of_the_system) {
  EXPECT_TRUE(errors::is_timeout(errors::from(system_code(ETIMEDOUT))));
  EXPECT_TRUE(errors::is_timeout(errors::from(system_code(EAGAIN))));
  EXPECT_TRUE(
      errors::is_timeout(errors::wrap("x", errors::from(std::make_error_code(std::errc::timed_out)))));
  EXPECT_FALSE(errors::is_timeout(errors::from(system_code(ECONNREFUSED))));
}

TEST(errors_tree, keeps_what_somebody_else_still_holds) {
  error root = errors::make("root");
  error shared = errors::wrap("shared", root);
  error left = errors::wrap("left", shared);
  error right = errors::join(errors::wrap("right", shared), shared);
  left = nil;
  EXPECT_EQ(right.message(), "right: shared: root\nshared: root");
  right = nil;
  EXPECT_EQ(shared.message(), "shared: root");
  shared = nil;
  EXPECT_EQ(root.message(), "root");
}

/// Runs `f` on a stack as small as a goroutine's.
void on_a_small_stack(void (*f)()) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 << 10), 0);
  pthread_t thread;
  auto body = [](void* what) -> void* {
    (*static_cast<void (**)()>(what))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, body, &f), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  ASSERT_EQ(pthread_attr_destroy(&attributes), 0);
}

constexpr int very_deep = 50'000;

TEST(errors_tree, that_is_deep_needs_no_deep_stack) {
  on_a_small_stack([] {
    error root = tagged{"root"};
    error chain = root;
    for (int i = 0; i < very_deep; ++i) chain = errors::wrap("a", chain);
    EXPECT_TRUE(errors::is(chain, root));
    EXPECT_FALSE(errors::is(chain, errors::make("x")));
    EXPECT_FALSE(errors::is_timeout(chain));
    EXPECT_EQ(errors::as<tagged>(chain), root.get());
    EXPECT_EQ(chain.message().size(), 3u * very_deep + root.message().size());
  });
}

TEST(errors_tree, grown_by_joining_needs_no_deep_stack) {
  on_a_small_stack([] {
    error root = errors::make("0");
    error left = root;
    error right = root;
    error mixed = root;
    for (int i = 0; i < very_deep; ++i) {
      left = errors::join(left, errors::make("1"));
      right = errors::join(errors::make("1"), right);
      mixed = errors::wrap("a", errors::join(mixed, nil));
    }
    for (const error& e : {left, right, mixed}) {
      EXPECT_TRUE(errors::is(e, root));
      EXPECT_FALSE(errors::is(e, errors::make("x")));
    }
    EXPECT_EQ(left.message().size(), 2u * very_deep + 1);
    EXPECT_EQ(right.message().size(), 2u * very_deep + 1);
    EXPECT_EQ(mixed.message().size(), 3u * very_deep + 1);
  });
}

}  // namespace
