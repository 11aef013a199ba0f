#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the code in README.md and docs/*.md to code that is compiled and tested.

Above every ```cpp and ```go block stands the place it was taken from:
    <!-- region: examples/first_answer.cpp#ask -->   the lines between `// [ask]` and `// [/ask]`, de-indented
    <!-- region: examples/first_answer.cpp -->       the whole file after its licence line
The block must equal it byte for byte. A .cpp file must be named in the meson.build of its folder (or one
above), a .go file must lie in docs/go or bench/peers/go. Relative links must lead somewhere.

usage: check_docs.py ROOT [--write]     --write puts the current text of the regions into the pages
"""
import pathlib
import re
import sys
import tempfile
import textwrap

CHECKED = {"cpp", "c++", "go"}
# Blocks in these languages are commands or outputs, not programs.
FREE = {"", "text", "console", "sh", "meson", "json"}
MARKER = re.compile(r"<!-- region: ([\w./-]+)(?:#([\w-]+))? -->")
FENCE = re.compile(r"^(\s*)(?:<td>)?```(\S*)\s*$")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)")
GO_FOLDERS = ("docs/go/", "bench/peers/go/")


def region(root, rel, name):
    """The text of a region, or (None, why not)."""
    path = root / rel
    if not path.is_file():
        return None, f"no file {rel}"
    lines = path.read_text().splitlines()
    if name is None:
        while lines and (lines[0].startswith("// SPDX") or not lines[0].strip()):
            lines.pop(0)
        return "\n".join(lines) + "\n", None
    stripped = [line.strip() for line in lines]
    begin, end = f"// [{name}]", f"// [/{name}]"
    if stripped.count(begin) != 1 or stripped.count(end) != 1:
        return None, f"{rel} has not one region {name}"
    inside = lines[stripped.index(begin) + 1:stripped.index(end)]
    while inside and not inside[-1].strip():
        inside.pop()  # gofmt parts the closing marker from the code by an empty line
    if not inside:
        return None, f"region {name} of {rel} is empty"
    # Markers of other regions inside this one are not part of the text.
    inside = [line for line in inside if not re.fullmatch(r"\s*// \[/?[\w-]+\]", line)]
    return textwrap.dedent("\n".join(inside)) + "\n", None


def is_compiled(root, rel):
    if rel.endswith(".go"):
        return rel.startswith(GO_FOLDERS)
    folder = pathlib.PurePosixPath(rel).parent
    while True:
        build = root / folder / "meson.build"
        inside = pathlib.PurePosixPath(rel).relative_to(folder).as_posix()
        # A list of names without suffix is how the examples are written.
        names = {inside, inside.removesuffix(".cpp")}
        if build.is_file() and any(f"'{n}'" in build.read_text() for n in names):
            return True
        if str(folder) == ".":
            return False
        folder = folder.parent


def check_page(root, page, write=False):
    bad, out = [], []
    name = page.relative_to(root).as_posix()
    lines = page.read_text().splitlines()
    marker, i = None, 0
    while i < len(lines):
        line = lines[i]
        if m := MARKER.search(line):
            marker = (i + 1, m[1], m[2])
        fence = FENCE.match(line)
        if not fence:
            if line.strip() and not MARKER.search(line) and marker and not line.startswith("<"):
                bad.append(f"{name}:{marker[0]}: a region marker without a block below it")
                marker = None
            for link in LINK.findall(line):
                if not (page.parent / link).exists():
                    bad.append(f"{name}:{i + 1}: a link to nothing: {link}")
            out.append(line)
            i += 1
            continue
        start = i
        i += 1
        while i < len(lines) and lines[i].strip() != "```":
            i += 1
        if i == len(lines):
            bad.append(f"{name}:{start + 1}: a block that does not end")
            break
        block = "\n".join(lines[start + 1:i]) + "\n"
        wanted = block
        if fence[2] in CHECKED:
            if marker is None:
                bad.append(f"{name}:{start + 1}: a {fence[2]} block without a region marker")
            else:
                text, why = region(root, marker[1], marker[2])
                if why:
                    bad.append(f"{name}:{start + 1}: {why}")
                elif not is_compiled(root, marker[1]):
                    bad.append(f"{name}:{start + 1}: {marker[1]} is not compiled")
                elif text != block:
                    wanted = text
                    if not write:
                        bad.append(f"{name}:{start + 1}: differs from {marker[1]}"
                                   + (f"#{marker[2]}" if marker[2] else ""))
        elif fence[2] not in FREE:
            bad.append(f"{name}:{start + 1}: a block in '{fence[2]}', which nothing checks")
        out += [line] + wanted.splitlines() + [lines[i]]
        marker = None
        i += 1
    if write and not bad:
        page.write_text("\n".join(out) + "\n")
    return bad


def pages(root):
    return [p for p in [root / "README.md", root / "CONTRIBUTING.md", *sorted(root.glob("docs/*.md"))] if p.exists()]


def self_test():
    source = "// SPDX-License-Identifier: MIT\n\nint main() {\n  // [a]\n  int x = 1;\n    f(x);\n  // [/a]\n}\n"
    good = "<!-- region: examples/x.cpp#a -->\n```cpp\nint x = 1;\n  f(x);\n```\n"
    cases = [
        (good, None),
        ("<!-- region: examples/x.cpp -->\n```cpp\n" + source.split("\n\n", 1)[1] + "```\n", None),
        (good.replace("= 1", "= 2"), "differs from"),
        (good.replace("  f", "   f"), "differs from"),
        (good.replace("#a", "#b"), "has not one region"),
        (good.replace("x.cpp", "y.cpp"), "no file"),
        (good.replace("x.cpp", "loose.cpp"), "is not compiled"),
        ("```cpp\nint x;\n```\n", "without a region marker"),
        ("```go\nx := 1\n```\n", "without a region marker"),
        ("```python\nx = 1\n```\n", "which nothing checks"),
        (good.replace("```cpp\n", "words\n\n```cpp\n"), "without a block"),
        ("[a](missing.md)\n", "a link to nothing"),
        ("```cpp\nint x;\n", "does not end"),
    ]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "examples").mkdir()
        (root / "examples/x.cpp").write_text(source)
        (root / "examples/loose.cpp").write_text(source)
        (root / "examples/meson.build").write_text("names = ['x']\n")
        for text, wanted in cases:
            (root / "README.md").write_text(text)
            found = check_page(root, root / "README.md")
            if wanted is None and found:
                wrong.append(f"self-test: {found}")
            if wanted and not any(wanted in line for line in found):
                wrong.append(f"self-test: not reported: {wanted}: {found}")
    return wrong


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    write = "--write" in sys.argv
    bad = self_test()
    if not (root / "README.md").exists():
        bad.append("no README.md")
    for page in pages(root):
        bad += check_page(root, page, write)
    print("\n".join(bad) or "docs: ok")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
