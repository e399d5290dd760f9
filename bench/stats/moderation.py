"""What the spread of a run's other cases says about the spread of one case that has few launches.

Three launches hardly tell how launches differ: a sample variance of two degrees of freedom is wrong by a factor of
five as often as not. Sixty other cases of the same run on the same machine know it much better. Smyth's model (Linear
models and empirical Bayes methods for assessing differential expression in microarray experiments, Statistical
Applications in Genetics and Molecular Biology 3, 2004) takes the true variances of the cases for draws from a scaled
inverse chi-squared distribution: its location is the prior variance, and its degrees of freedom say how alike the
cases are. Both are estimated from the moments of the log sample variances, each with its own degrees of freedom. The
posterior variance of a case is then the mean of its own and the prior one, weighted by their degrees, and Student's t
with the sum of both is exact where launches are normal. The case itself is left out of its own prior.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeVar

from bench.stats.gamma_functions import digamma, trigamma, trigamma_inverse
from bench.stats.launch_shape import Shape, looks_normal, looks_skewed, shape_of
from bench.stats.moments import mean_and_variance

K = TypeVar("K", bound=Hashable)

FEWEST_NEIGHBOURS = 5
"""Least number of other cases with a spread of their own: the variance of four logs says too little about how alike
cases are."""

FENCE = 3.0
"""Robust standard deviations (interquartile range ÷ 1.349) above the median beyond which a neighbour's log variance is
moved to the fence (winsorising: Tukey, The Future of Data Analysis, Annals of Mathematical Statistics 33, 1962;
Phipson, Lee, Majewski, Alexander & Smyth, Annals of Applied Statistics 10, 2016, do it to this very model). Few wild
neighbours would otherwise make all cases look unlike. The fence below is further off by the factor 1 + 1/√degrees: log
variances of few degrees have a long lower tail of their own."""

CAUTION = 0.5
"""Standard errors that are added to the estimated variance of the log variances: the estimated degrees of few
neighbours are infinite by chance. Without it 93 to 94 % of stated 95 % cover in runs of 12 cases."""

SMALLEST = 1e-5
"""Least variance, as a share of the neighbours' median one: equal times have the logarithm -∞ (as limma does it)."""

UNLIKE = 3.5
"""Standard deviations on the log scale from which a case's own variance is too large for the prior to hold for it."""


@dataclass(frozen=True)
class Prior:
    """What neighbours say about a case: its likely variance on the log scale, and how sure that is."""

    variance: float
    """Variance of the logs of the launches' data: a square of shares of the time."""
    degrees: float
    """Degrees of freedom that the variance is worth. At most those that the neighbours have together."""
    cases: int
    """Number of neighbours."""
    normal: bool
    """Whether the neighbours' launches are shown to have no humps; False also where they are too few to say."""
    skewed: bool = False
    """Whether they are shown to have a longer tail on one side."""

    def posterior(self, variance: float, degrees: int) -> tuple[float, float]:
        """Variance and degrees of a case with this sample variance, moderated."""
        total = self.degrees + degrees
        return (self.degrees * self.variance + degrees * variance) / total, total

    def is_unlike(self, variance: float, degrees: int) -> bool:
        """Whether a sample variance is too large for a case that is like its neighbours.

        log F has the variance ψ′(d/2) + ψ′(d₀/2) and the mean below (Smyth 2004, section 5).
        """
        if variance <= 0:
            return False
        mean = math.log(self.variance) + _bias(degrees) - _bias(self.degrees)
        sd = math.sqrt(trigamma(degrees / 2) + trigamma(self.degrees / 2))
        return math.log(variance) - mean > UNLIKE * sd


class Summary(NamedTuple):
    """What the neighbours of a case use of it."""

    level: float
    """Log of the sample variance, less the mean of its error: unbiased for the log of the true one; -∞ if it is 0."""
    noise: float
    """Variance of that error."""
    degrees: int
    shape: Shape


def summary(values: Sequence[float]) -> Summary | None:
    """Summarise the positive data of a case, one for each launch; None below two of them."""
    if len(values) < 2:
        return None
    logs = [math.log(x) for x in values]
    (_, variance), degrees = mean_and_variance(logs), len(logs) - 1
    level = math.log(variance) - _bias(degrees) if variance > 0 else -math.inf
    return Summary(level, _noise(degrees), degrees, shape_of(logs))


class Neighbours:
    """The cases of a run with what is known of their spread, while they are measured or afterwards."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Summary] = {}
        self._levels: list[float] = []
        self._sums = Summary(0.0, 0.0, 0, Shape(0.0, 0.0, 0.0))
        """The prior of all cases; the level is not used."""

    def put(self, key: Hashable, values: Sequence[float]) -> None:
        """Set the positive data of a case, one for each launch. Cases below two launches are no neighbours yet."""
        found = summary(values)
        if found is None:
            return
        before = self._found.get(key)
        if before is not None:
            self._sums = _plus(self._sums, before, -1)
            del self._levels[bisect.bisect_left(self._levels, before.level)]
        self._found[key] = found
        self._sums = _plus(self._sums, found)
        bisect.insort(self._levels, found.level)

    def prior(self, key: Hashable = None) -> Prior | None:
        """The prior of a case from all others; of a case that is not among them without a key.

        None below `FEWEST_NEIGHBOURS` neighbours of two launches, and where no launch of theirs differs from another.
        """
        levels, sums = self._levels, self._sums
        own = self._found.get(key)
        if own is not None:
            place = bisect.bisect_left(levels, own.level)
            levels = levels[:place] + levels[place + 1 :]
            sums = _plus(sums, own, -1)
        count = len(levels)
        if count < FEWEST_NEIGHBOURS or levels[-1] == -math.inf:
            return None
        levels = _winsorised(_floored(levels), sums.degrees / count)
        mean = sum(levels) / count
        seen = sum([(level - mean) ** 2 for level in levels]) / (count - 1)
        excess = seen * (1 + CAUTION * math.sqrt(2 / (count - 1))) - sums.noise / count
        most = float(sums.degrees)
        # ψ′(x) is above 1/x: an excess below 2/most would give more degrees than the neighbours have together.
        worth = min(most, 2 * trigamma_inverse(excess)) if excess > 2 / most else most
        shape = looks_normal(sums.shape), looks_skewed(sums.shape)
        return Prior(math.exp(mean + _bias(worth)), worth, count, *shape)


def priors(cases: Mapping[K, Sequence[float]]) -> dict[K, Prior | None]:
    """The prior of each of these cases from all the others (see `Neighbours.prior`). cases: their positive data."""
    run = Neighbours()
    for key, values in cases.items():
        run.put(key, values)
    return {key: run.prior(key) for key in cases}


def _plus(sums: Summary, one: Summary, times: int = 1) -> Summary:
    """Sums over cases with one more of them, or one less."""
    shape = Shape(*(total + times * part for total, part in zip(sums.shape, one.shape, strict=True)))
    return Summary(0.0, sums.noise + times * one.noise, sums.degrees + times * one.degrees, shape)


def _floored(ordered: list[float]) -> list[float]:
    """The levels, which are in order, none further below the middle positive one than `SMALLEST`."""
    first = bisect.bisect_right(ordered, -math.inf)
    least = ordered[(first + len(ordered)) // 2] + math.log(SMALLEST)
    return ordered if ordered[0] >= least else [max(level, least) for level in ordered]


def _winsorised(ordered: list[float], degrees: float) -> list[float]:
    """The levels, which are in order, none beyond the fences. degrees: those of a level, on the mean."""
    low, middle, high = (_quantile(ordered, q) for q in (0.25, 0.5, 0.75))
    reach = FENCE * (high - low) / 1.349
    least, most = middle - reach * (1 + 1 / math.sqrt(degrees)), middle + reach
    if least <= ordered[0] and ordered[-1] <= most:
        return ordered
    return [min(max(level, least), most) for level in ordered]


def _quantile(ordered: Sequence[float], q: float) -> float:
    """Quantile of values in order, interpolated as numpy does."""
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _bias(degrees: float) -> float:
    """The mean of the log of χ² ÷ degrees."""
    return digamma(degrees / 2) - math.log(degrees / 2)


@cache
def _noise(degrees: int) -> float:
    """The variance of the log of χ² ÷ degrees."""
    return trigamma(degrees / 2)
