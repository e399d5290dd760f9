"""`bench gate --prune` as a function: trees of sides that nobody uses any more."""

from __future__ import annotations


def prune() -> str:
    """Remove trees that were left behind, and kept ones that are old or too large. Returns what was done, in words."""
    from bench.present.words import units
    from bench.runner.pairs import kept_trees, side_trees

    found = kept_trees.prune(side_trees.KEPT)
    lines = [
        f"Removed {len(found.removed)} trees ({units.size(found.freed)} of kept ones); kept: {len(found.left)} "
        f"({units.size(sum(each.bytes for each in found.left))}) in {side_trees.KEPT}.",
        f"Kept trees go {kept_trees.KEPT_DAYS:g} days after their last use, and the longest unused where all take more "
        f"than {units.size(kept_trees.KEPT_BYTES)}.",
    ]
    return "\n".join(lines)
