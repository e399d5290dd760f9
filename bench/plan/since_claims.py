"""What broke since the course was written, by release of torch: a claim is made of the releases it was tested on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

Release = tuple[int, int]

TESTED: tuple[Release, ...] = ((2, 8), (2, 13), (2, 14))
"""Releases of torch on which tests held every claim (docs/versions.md says when)."""

_RELEASES = re.compile(r"torch (\d+)\.(\d+)(?: to (\d+)\.(\d+)|( and newer))?: ")


@dataclass(frozen=True)
class Claim:
    """A paragraph of a section `Since:`. It may begin with releases, `torch 2.9 to 2.13: ` or `torch 2.14 and newer: `;
    without them it is of all that are tested."""

    text: str
    oldest: Release = TESTED[0]
    newest: Release | None = None
    """None for all newer ones too."""

    @classmethod
    def read(cls, paragraph: str) -> Claim:
        """Read one paragraph."""
        match = _RELEASES.match(paragraph)
        if match is None:
            return cls(paragraph)
        oldest = int(match[1]), int(match[2])
        newest = None if match[5] else (int(match[3]), int(match[4])) if match[3] else oldest
        text = paragraph[match.end() :]
        return cls(text[:1].upper() + text[1:], oldest, newest)

    def is_of(self, release: Release) -> bool:
        """Whether it is made of that release."""
        return self.oldest <= release and (self.newest is None or release <= self.newest)


def claims_of(section: str) -> list[Claim]:
    """The claims of a section; its paragraphs are separated by an empty line."""
    return [Claim.read(paragraph) for paragraph in section.split("\n\n") if paragraph]


def said_of(section: str, release: Release) -> list[str]:
    """What the section says of a release of torch, one text a claim.

    Of a release on which no claim was tested it is what is known of the last one before it, and each text says so.
    """
    known = known_for(release)
    label = "" if known == release else f"Known of torch {known[0]}.{known[1]}: "
    return [label + claim.text for claim in claims_of(section) if claim.is_of(known)]


def known_for(release: Release) -> Release:
    """The tested release whose claims stand for this one: itself, else the last before it, else the first."""
    return max((each for each in TESTED if each <= release), default=TESTED[0])


def installed_release() -> Release | None:
    """The release of the torch that is installed here, without importing it; None where there is none."""
    try:
        return release_of(metadata.version("torch"))
    except metadata.PackageNotFoundError:
        return None


def release_of(version: str) -> Release:
    """The release of a version: 2.13 of `2.13.0+cpu`."""
    major, minor = re.findall(r"\d+", version)[:2]
    return int(major), int(minor)
