"""Case keys for the benchmarks of other tools: one for each name, in all files and on both sides of a gate."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from math import isfinite

from bench.records import SAFE_TEXT, UNIVERSAL_AXES, UNKNOWN, Case, UserError, Value, value_from_text
from bench.store import schema


def is_key(name: str) -> bool:
    """Whether it is a case key in our exact spelling."""
    try:
        return Case.from_key(name).key == name
    except UserError:
        return False


def key(family: str, name: str, params: Mapping[str, Value] | None = None) -> str:
    """A case key for a foreign benchmark; the axes that every case has are `unknown`."""
    axes = {f"{axis}_" if axis in schema.COLUMNS else axis: value for axis, value in (params or {}).items()}
    return Case.of(f"{slug(family)}/{slug(name)}", {**dict.fromkeys(UNIVERSAL_AXES, UNKNOWN), **axes}).key


def slug(text: str) -> str:
    """A text as part of a workload's name: each run of characters other than letters, digits, - and _ becomes one -.

    If more than separators are lost, a digest of the whole text is appended. It depends on the name alone, so that a
    benchmark has one key in all files.
    """
    found = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")
    return found if found and not re.search(r"[^A-Za-z0-9_/.: -]", text) else f"{found or 'x'}-{digest(text)}"


def value(text: str) -> Value:
    """A text as the value of an axis, with a digest if a key cannot hold it unchanged."""
    if not SAFE_TEXT.fullmatch(text):
        return f"{re.sub(r'[^A-Za-z0-9_.:+-]+', '_', text)}-{digest(text)}"
    found = value_from_text(text)
    # Numbers that would be written differently than read, infinity and NaN, and numbers too large to store.
    odd = str(found) != text or (isinstance(found, float) and not isfinite(found))
    return f"x{text}" if odd or (isinstance(found, int) and abs(found) >= 2**63) else found


def digest(text: str) -> str:
    """Eight hex digits for a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
