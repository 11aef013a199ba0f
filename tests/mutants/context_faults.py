# SPDX-License-Identifier: MIT
"""Faults of the tree of contexts."""
from fault import Edit, fault, gtest, stepping

NODE = "context/cancel_node.cpp"
WALK = "context/cancel_walk.cpp"

FAULTS = [
    fault(
        39, "A context is listed with its parent although that was canceled meanwhile.",
        Edit(NODE, "    const runtime::spin_guard hold(up->lock_);\n    if (!up->claimed_) return up->link(this);\n",
             "    if (warren::mutant(39)) warren::dawdle(20);\n    const runtime::spin_guard hold(up->lock_);\n"
             "    if (!up->claimed_ || warren::mutant(39)) return up->link(this);\n"),
        gtest("context", "cause_run.*:stress_run.*:context_run.*"),
        stepping("child_of_canceled"), hang=True),
    fault(
        40, "The function of after_func runs although stop() said that it does not.",
        Edit(WALK, "    if (!r.decide(registration::progress::started)) return r.release();\n",
             "    if (!r.decide(registration::progress::started) && !warren::mutant(40)) return r.release();\n"),
        Edit(NODE, "  cancel_node* up = r->up;\n  if (up != nullptr) up->delist(r);\n",
             "  cancel_node* up = r->up;\n  if (warren::mutant(40)) warren::dawdle(20);\n"
             "  if (up != nullptr) up->delist(r);\n"),
        gtest("context", "context_after_func_run.*:stress_run.*"),
        stepping("after_cancel")),
    fault(
        78, "A cancel returns while another is still on its way to the children.",
        Edit(NODE, "void cancel_node::wait_for_walk() noexcept {\n",
             "void cancel_node::wait_for_walk() noexcept {\n  if (warren::mutant(78)) return;\n"),
        gtest("context", "context_run.Test*Cancels/*:stress_run.*"),
        stepping("cancel_reaches_all_below")),
    fault(
        79, "Done is closed before the error can be read.",
        Edit(NODE, """\
  claimed_ = true;
  timed_out_ = why.timed_out;
  if (why.cause != nil) cause_ = why.cause;
""", """\
  claimed_ = true;
  if (warren::mutant(79)) {
    close_collecting(woken);
    warren::dawdle(20);
  }
  timed_out_ = why.timed_out;
  if (why.cause != nil) cause_ = why.cause;
"""),
        gtest("context", "context_run.TestContextErrDoneRace/*:cause_run.*"),
        stepping("done_channel", "two_cancels")),
    fault(
        80, "A function is listed with a context that was canceled meanwhile.",
        Edit(NODE, "  const runtime::spin_guard hold(lock_);\n  if (claimed_) return false;\n",
             "  if (warren::mutant(80)) warren::dawdle(20);\n  const runtime::spin_guard hold(lock_);\n  if (claimed_ && !warren::mutant(80)) return false;\n"),
        gtest("context", "context_after_func_run.*:stress_run.*"),
        stepping("after_cancel"), hang=True),
]
