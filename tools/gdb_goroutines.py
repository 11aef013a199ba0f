# SPDX-License-Identifier: MIT
"""Goroutines in gdb, of a live process and of a core.

    (gdb) source tools/gdb_goroutines.py
    (gdb) info goroutines            who there is, what each waits for and where
    (gdb) goroutine 7 bt             a backtrace of goroutine 7
    (gdb) goroutine 7 info locals    any command, in the frame that is the program's own
    (gdb) goroutine all bt           a command for each

A goroutine that runs is looked at on its thread. One that is switched away is shown by an unwinder of its own: it
tells gdb that the innermost frame of the selected thread was called from where the goroutine left its stack. No
register is written, so that it works on a core. The library must have its debug information.

A core that the kernel wrote has all stacks. One that gdb wrote (generate-core-file) lacks those beside which the
kernel's guard markers stand, because gdb gives up a whole block of memory where it cannot read a page of it.
"""
import re

import gdb
import gdb.unwinder

DEAD, FRESH, RUNNABLE, RUNNING, PARKED = range(5)
LEFT_OVER, LOCKED = 64, 32

# What Boost.Context's jump_fcontext leaves at a context on x86-64.
SAVED = {"r12": 0x08, "r13": 0x10, "r14": 0x18, "r15": 0x20, "rbx": 0x28, "rbp": 0x30, "rip": 0x38}
SAVED_BYTES = 0x40


def plain(value):
    """The scalar inside atomics and other wrappers: what lies at their begin."""
    while value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        fields = [f for f in value.type.strip_typedefs().fields() if not hasattr(f, "enumval") and hasattr(f, "bitpos")
                  and f.type.strip_typedefs().sizeof > 0]
        value = value[next(f for f in fields if f.bitpos == 0)]
    return value


def number(value):
    return int(plain(value))


def library_variable(name, source):
    """A variable that the named source file has for itself."""
    full = f"warren::runtime::(anonymous namespace)::{name}"
    for symbol in gdb.lookup_static_symbols(full):
        if symbol.symtab is not None and symbol.symtab.filename.endswith(source):
            return symbol.value()
    raise gdb.GdbError(f"{full} not found: is this a program with warren and its debug information?")


class Goroutine:
    def __init__(self, block):
        self.block = block
        self.id = number(block["id"])
        self.state = number(block["state"])
        self.flags = number(block["flags"])
        self.context = int(block["context"])

    @property
    def name(self):
        at = plain(self.block["name"])
        return f' "{at.string()}"' if int(at) else ""

    @property
    def status(self):
        if self.state == PARKED and number(self.block["kind"]):
            # The enumerator's words: Go's texts are made by a function, which a core cannot call.
            word = str(plain(self.block["kind"])["reason"]).split("::")[-1].replace("_", " ")
        else:
            word = {FRESH: "runnable", RUNNABLE: "runnable", RUNNING: "running", PARKED: "waiting"}[self.state]
        return word + (", locked to thread" if self.flags & LOCKED else "")

    @property
    def switched_away(self):
        return self.state in (RUNNABLE, PARKED) and self.context != 0

    def thread(self):
        """The gdb thread it runs on, or None."""
        record = plain(library_variable("records", "thread.cpp"))
        while int(record):
            if number(record["current"]) == int(self.block.address):
                lwp = number(record["id"])
                return next((t for t in gdb.selected_inferior().threads() if t.ptid[1] == lwp), None)
            record = record["next_record"]
        return None


def goroutines():
    kind = gdb.lookup_type("warren::runtime::goroutine")
    rooms = gdb.parse_and_eval("warren::runtime::blocks::closure_room")
    slab = plain(library_variable("slabs", "goroutine_pool.cpp"))
    found = []
    while int(slab):
        step = kind.sizeof + int(rooms[int(slab["size_class"])])
        base = int(slab["base"])
        for i in range(number(slab["made"])):
            block = gdb.Value(base + i * step).cast(kind.pointer()).dereference()
            if number(block["state"]) != DEAD and not number(block["flags"]) & LEFT_OVER:
                found.append(Goroutine(block))
        slab = slab["next"]
    return sorted(found, key=lambda g: g.id)


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class SwitchedAway(gdb.unwinder.Unwinder):
    """While a context is chosen: the selected thread's innermost frame returns to it."""

    def __init__(self):
        super().__init__("warren goroutine")
        self.context = None
        self.innermost = None

    def __call__(self, frame):
        if self.context is None or int(frame.read_register("rsp")) != self.innermost:
            return None
        word = gdb.lookup_type("unsigned long")
        read = lambda offset: gdb.Value(self.context + offset).cast(word.pointer()).dereference()
        end = gdb.Value(self.context + SAVED_BYTES).cast(word)
        unwound = frame.create_unwind_info(FrameId(end, read(SAVED["rip"])))
        for register, offset in SAVED.items():
            unwound.add_saved_register(register, read(offset))
        unwound.add_saved_register("rsp", end)
        return unwound

    def choose(self, context):
        self.context = None
        gdb.invalidate_cached_frames()
        gdb.newest_frame().select()
        if context is None:
            return
        self.innermost = int(gdb.newest_frame().read_register("rsp"))
        self.context = context
        gdb.invalidate_cached_frames()


unwinder = SwitchedAway()
gdb.unwinder.register_unwinder(None, unwinder, True)


class Shown:
    """Within it the goroutine's frames are those of the selected thread."""

    def __init__(self, goroutine):
        self.goroutine = goroutine

    def __enter__(self):
        self.before = gdb.selected_thread()
        self.frame = gdb.selected_frame()
        if self.goroutine.switched_away:
            unwinder.choose(self.goroutine.context)
            return gdb.newest_frame().older()
        thread = self.goroutine.thread() if self.goroutine.state == RUNNING else None
        if thread is None:
            return None
        thread.switch()
        return gdb.newest_frame()

    def __exit__(self, *_):
        unwinder.choose(None)
        self.before.switch()
        gdb.newest_frame().select()


def programs_own(frame):
    """The innermost frame that is not the library's or the system's; `frame` where there is none."""
    at = frame
    while at is not None and at.is_valid():
        name = at.name()
        sal = at.find_sal()
        ours = name is None or name.startswith(("warren::", "std::", "__", "_ZN6warren", "_ZZN6warren", "_ZSt"))
        if not ours and sal.symtab is not None and "/include/c++/" not in sal.symtab.fullname():
            return at
        at = at.older()
    return frame


def located(frame):
    sal = frame.find_sal()
    where = f" at {sal.symtab.filename}:{sal.line}" if sal.symtab is not None else ""
    return f"{frame.name() or '??'}{where}"


class InfoGoroutines(gdb.Command):
    """List all goroutines: id, name, what it waits for and where."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        for g in goroutines():
            with Shown(g) as frame:
                where = "" if frame is None else "  " + located(programs_own(frame))
            gdb.write(f"  {g.id}{g.name} [{g.status}]{where}\n")


class GoroutineCommand(gdb.Command):
    """goroutine ID COMMAND: run a command with the frames of a goroutine; ID may be `all`."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split(None, 1)
        if len(words) != 2:
            raise gdb.GdbError("usage: goroutine ID COMMAND (or: goroutine all COMMAND)")
        chosen = [g for g in goroutines() if words[0] in ("all", str(g.id))]
        if not chosen:
            raise gdb.GdbError(f"no goroutine {words[0]}")
        for g in chosen:
            if words[0] == "all":
                gdb.write(f"\ngoroutine {g.id}{g.name} [{g.status}]:\n")
            self.run(g, words[1])

    def run(self, g, command):
        with Shown(g) as frame:
            if frame is None:
                gdb.write("it has no stack yet, or its thread is unknown\n")
            elif re.fullmatch(r"(bt|backtrace|where)\b.*", command):
                self.backtrace(command, 1 if g.switched_away else 0)
            else:
                programs_own(frame).select()
                gdb.execute(command)

    def backtrace(self, command, borrowed):
        """The selected thread's own innermost frame stands in front of a goroutine that is switched away."""
        lines = gdb.execute(command, to_string=True).split("\n")
        begins = [i for i, line in enumerate(lines) if re.match(r"#\d+ ", line)]
        if borrowed and len(begins) > 1:
            lines = lines[begins[1]:]
        renumber = lambda m: f"#{int(m[1]) - borrowed}".ljust(len(m[0]))
        gdb.write("\n".join(re.sub(r"^#(\d+) +", renumber, line) for line in lines))


InfoGoroutines()
GoroutineCommand()
