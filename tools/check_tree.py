#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the habits of the tree that no compiler checks.

FLOORS, LIMIT, VAGUE, ADAPTERS, BANNED_INCLUDES and BANNED_NAMESPACES are statements of policy: where one of them
stands in the way, change the code, not the line.

usage: check_tree.py ROOT     (self-test: check_tree.py --self-test)
"""
import os
import pathlib
import posixpath
import re
import sys
import tempfile

# A floor: the floors it may include. Each may include itself.
FLOORS = {
    "errors": set(),
    "runtime": {"errors"},
    "channels": {"errors", "runtime"},
    "time": {"errors", "runtime", "channels"},
    "context": {"errors", "runtime", "channels", "time"},
    "sync": {"errors", "runtime", "channels", "time", "context"},
    "signals": {"errors", "runtime", "channels", "time", "context", "sync"},
    "net": {"errors", "runtime", "channels", "time", "context", "sync", "signals"},
    "http": {"errors", "runtime", "channels", "time", "context", "sync", "signals", "net"},
    "synctest": {"errors", "runtime", "channels", "time"},
}
BESIDE = {"bench", "tests", "examples", "docs", "tools"}  # may include any floor
LIMIT = {".hpp": 400, ".cpp": 700}  # lines; beyond them, split by concept
VAGUE = {"detail", "impl", "util", "utils", "misc", "common", "helper", "helpers"}
BANNED_NAMESPACES = {"time", "testing"} | VAGUE
ADAPTERS = {"net/asio_stream.hpp"}  # public: join warren to another library, for those who include both by themselves
BANNED_INCLUDES = re.compile(r"^(iostream|regex|filesystem|boost/.*)$")  # in a public header
UNFINISHED = re.compile(r"//.*(?<!\.)\b(TODO|FIXME|XXX|HACK)\b")

# x_linux.cpp belongs to the component x.
VARIANT = re.compile(r"_(linux|posix|epoll|kqueue|uring|x86_64|aarch64|libbacktrace|plain)$")

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
NAMESPACE = re.compile(r"^\s*(?:inline\s+)?namespace\s+([\w:]+)", re.M)
ATOMIC_CALL = re.compile(
    r"(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_\w+|test_and_set)\s*\("
)
ATOMIC_DECLARATION = re.compile(r"\batomic<[^;{}()=]*>\s+(\w+)\s*(?:[;{=]|\[)")
ORDER = re.compile(r"memory_order(?:::|_)(acquire|release|acq_rel|seq_cst|consume)\b")
PAIRS = re.compile(r"//.*pairs? with", re.I)
NEAR = 6  # lines above an order in which its partner may be named


def floor_of(path):
    return path.split("/")[0]


def component_of(path):
    return VARIANT.sub("", path.rsplit(".", 1)[0])


def without_comments(text):
    """The text with comments and literals blanked out, line and column kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def arguments(text, start):
    """The text from `start`, just after a parenthesis, to its partner."""
    depth, i = 1, start
    while i < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        i += 1
    return text[start:i]


def circles(edges):
    done, path, found = set(), [], []

    def visit(node):
        if node in path:
            found.append(path[path.index(node):] + [node])
            return
        if node in done:
            return
        path.append(node)
        for to in sorted(edges.get(node, ())):
            visit(to)
        path.pop()
        done.add(node)

    for node in sorted(edges):
        visit(node)
    return found


class Tree:
    def __init__(self, root):
        self.root = root
        self.bad = []
        self.files = {}
        for folder, folders, names in os.walk(root):
            # include/warren is a link to the root; a build folder holds copies and generated files.
            folders[:] = sorted(
                f for f in folders
                if not f.startswith(".") and not os.path.islink(os.path.join(folder, f))
                and not os.path.exists(os.path.join(folder, f, "meson-private"))
                and f not in ("build", "subprojects")
            )
            for name in sorted(names):
                if name.endswith((".hpp", ".cpp")):
                    path = pathlib.Path(folder, name)
                    self.files[path.relative_to(root).as_posix()] = path.read_text()
        self.includes = {rel: list(self.included(rel, text)) for rel, text in self.files.items()}
        self.public = self.public_headers()

    def included(self, rel, text):
        """(line, spelling, path in the tree or None) of each include."""
        for number, line in enumerate(text.split("\n"), 1):
            m = INCLUDE.match(line)
            if not m:
                continue
            target = None
            if m[1] == '"':
                target = posixpath.normpath(posixpath.join(posixpath.dirname(rel), m[2]))
            elif m[2].startswith("warren/"):
                target = m[2][len("warren/"):]
            yield number, f"{m[1]}{m[2]}", target

    def public_headers(self):
        public = {"warren.hpp"}
        for folder in FLOORS:
            build = self.root / folder / "meson.build"
            if build.exists() and (m := re.search(r"public = files\(([^)]*)\)", build.read_text())):
                public |= {f"{folder}/{name}" for name in re.findall(r"'([^']+)'", m[1])}
        return public

    def check(self):
        for rel, text in self.files.items():
            self.check_file(rel, text)
            if floor_of(rel) in FLOORS:
                self.check_includes(rel)
                self.check_namespaces(rel, text)
                self.check_orders(rel, text)
        self.check_circles()
        self.check_public()
        self.check_built()
        return self.bad

    def check_file(self, rel, text):
        lines = text.rstrip("\n").split("\n")
        kind = pathlib.PurePosixPath(rel)
        if len(lines) > LIMIT[kind.suffix]:
            self.bad.append(f"{rel}: {len(lines)} lines, limit {LIMIT[kind.suffix]}")
        for name in sorted(VAGUE.intersection((*kind.parts[:-1], kind.stem, *kind.stem.split("_")))):
            self.bad.append(f"{rel}: '{name}' names no concept")
        if lines[0] != "// SPDX-License-Identifier: MIT":
            self.bad.append(f"{rel}:1: does not start with the licence line")
        # A precompiled page is the main file of its compilation, where the pragma is an error.
        if kind.suffix == ".hpp" and kind.name != "precompiled.hpp" and "\n#pragma once\n" not in text:
            self.bad.append(f"{rel}: no #pragma once")
        if floor_of(rel) not in FLOORS and floor_of(rel) not in BESIDE and rel != "warren.hpp":
            self.bad.append(f"{rel}: stands on no floor and not beside them")
        for number, line in enumerate(lines, 1):
            if m := UNFINISHED.search(line):
                self.bad.append(f"{rel}:{number}: {m[1]}: finish it or drop it")

    def check_includes(self, rel):
        me = floor_of(rel)
        for number, spelling, target in self.includes[rel]:
            if target is None:
                continue
            if spelling.startswith("<"):
                self.bad.append(f"{rel}:{number}: inside the library, include by relative path: {spelling}>")
            if target not in self.files:
                self.bad.append(f"{rel}:{number}: no such file in the tree: {target}")
            elif floor_of(target) != me and floor_of(target) not in FLOORS[me]:
                self.bad.append(f"{rel}:{number}: {me} may not include {target}")
        # The header that a source file implements comes first: that proves it stands alone.
        header = component_of(rel) + ".hpp"
        if rel.endswith(".cpp") and header in self.files:
            first = self.includes[rel][0][2] if self.includes[rel] else None
            if first != header:
                self.bad.append(f"{rel}: its first include must be its own header {header}")

    def check_namespaces(self, rel, text):
        for m in NAMESPACE.finditer(without_comments(text)):
            for name in m[1].split("::"):
                if name in BANNED_NAMESPACES:
                    number = text.count("\n", 0, m.start(1)) + 1
                    self.bad.append(f"{rel}:{number}: no namespace may be called {name}")

    def check_orders(self, rel, text):
        code = without_comments(text)
        line_of = lambda at: code.count("\n", 0, at) + 1
        for m in ATOMIC_CALL.finditer(code):
            if not re.search(r"\b(memory_order|order\b)", arguments(code, m.end())):
                self.bad.append(f"{rel}:{line_of(m.start())}: {m[1]} without a memory order")
        for name in {m[1] for m in ATOMIC_DECLARATION.finditer(code)}:
            changed = rf"\b{name}\s*(?:[-+|&^]?=(?!=)|\+\+|--)|(?:\+\+|--){name}\b"
            for m in re.finditer(changed, code):
                # After a type it is the declaration of another variable of this name.
                if not re.search(r"(\w|[^-]>|[*&])\s*$", code[max(0, m.start() - 20):m.start()]):
                    self.bad.append(f"{rel}:{line_of(m.start())}: {name} is changed without a memory order")
        lines, bare = text.split("\n"), code.split("\n")
        for number, line in enumerate(bare, 1):
            near = "\n".join(lines[max(0, number - 1 - NEAR):number])
            if ORDER.search(line) and not PAIRS.search(near):
                self.bad.append(f"{rel}:{number}: a memory order without its 'pairs with'")

    def check_circles(self):
        edges = {}
        for rel, included in self.includes.items():
            if floor_of(rel) not in FLOORS:
                continue
            for _, _, target in included:
                if target and component_of(target) != component_of(rel):
                    edges.setdefault(component_of(rel), set()).add(component_of(target))
        for circle in circles(edges):
            self.bad.append("circle: " + " > ".join(circle))

    def check_public(self):
        for rel in sorted(self.public):
            if rel not in self.files:
                self.bad.append(f"{rel}: listed as public, but there is no such file")
                continue
            for number, spelling, target in self.includes[rel]:
                if target is not None and target not in self.public:
                    self.bad.append(f"{rel}:{number}: public, includes the private {target}")
                if BANNED_INCLUDES.match(spelling[1:]) and rel not in ADAPTERS:
                    self.bad.append(f"{rel}:{number}: public, includes {spelling[1:]}")
        umbrella = {target for _, _, target in self.includes.get("warren.hpp", ())}
        reached = set(umbrella)
        while True:
            more = {t for rel in reached for _, _, t in self.includes.get(rel, ()) if t} - reached
            if not more:
                break
            reached |= more
        for rel in sorted(self.public - reached - ADAPTERS - {"warren.hpp"}):
            self.bad.append(f"{rel}: public, and warren.hpp does not bring it")
        for rel in sorted(ADAPTERS & reached):
            self.bad.append(f"{rel}: joins warren to another library, and warren.hpp brings it")

    def check_built(self):
        """Every source file is named in a meson.build of its folder or of one above (examples: without suffix)."""
        for rel in self.files:
            if not rel.endswith(".cpp"):
                continue
            folder = pathlib.PurePosixPath(rel).parent
            looked_in = []
            while True:
                inside = pathlib.PurePosixPath(rel).relative_to(folder).as_posix()
                build = self.root / folder / "meson.build"
                looked_in.append(str(folder / "meson.build"))
                names = (f"'{inside}'", f"'{inside.removesuffix('.cpp')}'")
                if build.exists() and any(name in build.read_text() for name in names):
                    break
                if str(folder) == "." or floor_of(rel) in FLOORS:
                    self.bad.append(f"{rel}: not named in {looked_in[0]}")
                    break
                folder = folder.parent


# --- proof that the checks can fail -------------------------------------------------------------------
LICENCE = "// SPDX-License-Identifier: MIT\n"
CLEAN = {
    "warren.hpp": LICENCE + '#pragma once\n\n#include "channels/core.hpp"\n#include "errors/nil.hpp"\n',
    "errors/meson.build": "public = files('nil.hpp')\nsources += files('nil.cpp')\n",
    "errors/nil.hpp": LICENCE + "#pragma once\n\nnamespace warren {}\n",
    "errors/nil.cpp": LICENCE + '#include "nil.hpp"\n',
    "channels/meson.build": "public = files('core.hpp')\nsources += files('core.cpp')\n",
    "channels/core.hpp": LICENCE + '#pragma once\n\n#include "../errors/nil.hpp"\n',
    "channels/core.cpp": LICENCE + '#include "core.hpp"\n\n#include <atomic>\n\nstd::atomic<int> word{0};\n'
    "// Acquire: pairs with the release in publish().\n"
    "int look() { return word.load(std::memory_order_acquire); }\n",
}
BROKEN = [  # (file, text added at its end, what must be reported)
    ("errors/nil.cpp", '#include "../channels/core.hpp"\n', "errors may not include channels/core.hpp"),
    ("errors/nil.hpp", '#include "../channels/core.hpp"\n', "circle: "),
    ("channels/core.cpp", "int f() { return word.load(); }\n", "load without a memory order"),
    ("channels/core.cpp", "void f() { word.store(1); }\n", "store without a memory order"),
    ("channels/core.cpp", "void f() { ++word; }\n", "word is changed without a memory order"),
    ("channels/core.cpp", "void f(std::atomic<int>* w) { w->word = 2; }\n", "word is changed without a memory order"),
    ("channels/core.cpp", "\n\n\n\n\n\nvoid f() { word.store(1, std::memory_order_release); }\n",
     "a memory order without its 'pairs with'"),
    ("channels/core.cpp", "\n\n\n\n\n\nvoid f() { std::atomic_thread_fence(std::memory_order_seq_cst); }\n",
     "a memory order without its 'pairs with'"),
    ("channels/core.hpp", "// more\n" * 400, ": 404 lines, limit 400"),
    ("channels/core.hpp", "#include <iostream>\n", "public, includes iostream"),
    ("channels/core.hpp", "#include <boost/context/fiber.hpp>\n", "public, includes boost/"),
    ("warren.hpp", '#include "net/asio_stream.hpp"\n', "and warren.hpp brings it"),
    ("channels/core.hpp", '#include "secret.hpp"\n', "public, includes the private channels/secret.hpp"),
    ("channels/core.hpp", "namespace warren::detail {}\n", "no namespace may be called detail"),
    ("channels/core.hpp", "// TODO later\n", "finish it or drop it"),
    ("channels/core.cpp", "#include <warren/errors/nil.hpp>\n", "include by relative path"),
    ("channels/ring_util.hpp", LICENCE + "#pragma once\n", "'util' names no concept"),
    ("channels/ring.hpp", "#pragma once\n", "does not start with the licence line"),
    ("channels/ring.hpp", LICENCE, "no #pragma once"),
    ("channels/ring.cpp", LICENCE, "not named in channels/meson.build"),
    ("tests/channels/core_test.cpp", LICENCE, "not named in tests/channels/meson.build"),
    ("channels/core_linux.cpp", LICENCE + "#include <atomic>\n", "its first include must be its own header"),
    ("channels/meson.build", "public = files('core.hpp', 'lost.hpp')\n", "no such file"),
    ("errors/nil.hpp", "#include <warren/nowhere.hpp>\n", "no such file in the tree"),
    ("shelf/conn.hpp", LICENCE + "#pragma once\n", "stands on no floor"),
]


def report_for(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for rel, text in files.items():
            path = root / rel
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Tree(root).check()


def self_test():
    failures = [f"clean tree: {line}" for line in report_for(CLEAN)]
    for rel, addition, wanted in BROKEN:
        files = dict(CLEAN)
        replace = rel.endswith("meson.build")
        files[rel] = addition if replace else files.get(rel, "") + addition
        if not any(wanted in line for line in report_for(files)):
            failures.append(f"not reported: {wanted!r} in {rel}")
    return failures


def main():
    found = self_test() if sys.argv[1] == "--self-test" else Tree(pathlib.Path(sys.argv[1]).resolve()).check()
    print("\n".join(found) or "tree: ok")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
