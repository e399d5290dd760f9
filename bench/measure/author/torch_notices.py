"""torch's own notices that a part of it is deprecated: never shown by a worker, kept where they say "not supported".

The course teaches TorchScript, and its workloads call what torch calls deprecated, some in every step. What such a call
costs must not depend on who is shown what: torch 2.13 gives a DeprecationWarning, which Python hides, 2.14 a
FutureWarning, which it prints. Both are matched by their text here, once a process and outside of any step.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_PART = r"\W*torch(\.\w+)+\W* is "
"""Begins such a notice: `torch.jit.script` is …"""

UNSUPPORTED = rf"{_PART}not supported in Python"
NOTICES = rf"{_PART}(deprecated|not supported in Python)"


def hide() -> None:
    """Hide the notices from here on, whatever their category, and whatever a user's own filters say."""
    warnings.filterwarnings("ignore", message=NOTICES)


@contextmanager
def unsupported() -> Iterator[list[str]]:
    """Keep what torch calls not supported in here, each notice once; other warnings are shown as ever, at the end."""
    said = list[str]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=UNSUPPORTED)
        try:
            yield said
        finally:
            said += dict.fromkeys(filter(re.compile(UNSUPPORTED).match, (str(each.message) for each in caught)))
    for each in caught:
        if str(each.message) not in said:
            warnings.showwarning(each.message, each.category, each.filename, each.lineno, each.file, each.line)
