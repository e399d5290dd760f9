"""Checks of what a step takes of the processor: does its time hold all of its work, and did it keep its core?"""

from __future__ import annotations

from bench.analyse.findings.check import CaseEvidence
from bench.stats.processor_time import ALONE


class BackgroundWork:
    """Others compute for the step, beside it or after it, and its time does not say how much."""

    name, severity = "background-work", "warning"
    most_after = 0.2
    """Cores busy after the blocks; a choice: what a process does at rest, such as waking up now and then, is a
    hundredth."""

    most_children = 0.2
    """Cores that child processes keep busy; a choice, as above."""
    most_waiting = 0.5
    """Share of wall that the step waits where it waits for its children: they are no background then."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """More threads at work than the case has, children for which it does not wait, tasks that it leaves, or a
        process that goes on after the blocks.
        """
        others, after = evidence.use.background, evidence.background_after
        own = max(1, evidence.threads or 1)
        advice = (
            "let the step wait for its results (future.result(), join), or it is only the handing over that is timed; "
            "where it waits already, its time is that of more threads than the case says"
        )
        if others is not None and others > own - 1 + ALONE:
            threads = f"{own} thread{'s' if own > 1 else ''}"
            return f"a case of {threads} kept {others:.2f} cores busy besides the thread that is timed", advice
        if after is not None and after > self.most_after:
            return f"right after the blocks, with no step running, {after:.2f} cores were still busy for it", advice
        children, waiting = evidence.step.children_cores, evidence.use.waiting
        if children is not None and children > self.most_children and (waiting or 0.0) < self.most_waiting:
            return (
                f"child processes kept {children:.2f} cores busy while the step was timed, and it hardly waited for "
                "them",
                advice,
            )
        if evidence.step.tasks_left:
            count = evidence.step.tasks_left
            tasks = "a task" if count == 1 else f"{count} tasks"
            return f"the step left {tasks} unfinished on its event loop", "await what the step begins"
        return None


class Preempted:
    """Other programs took the core away in many blocks."""

    name, severity = "preempted", "hint"
    most_share = 0.2
    least_away = 0.01
    """A block of a second loses its core now and then even on an idle machine, for less than a thousandth of it."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Above a fifth of the kept blocks, which lost more than 1 % of their time by it."""
        use = evidence.use
        if use.preempted is None or use.preempted <= self.most_share:
            return None
        if use.away is not None and use.away <= self.least_away:
            return None
        return (
            f"in {use.preempted:.0%} of the blocks another program took the core for a while",
            "close other programs; the CPU clock (--clock cpu) leaves out what they took",
        )
