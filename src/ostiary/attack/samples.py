"""Two series of times compared: robust against outliers, and slow to accuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from statistics import median
from typing import Final

_LIKELIHOOD: Final = 0.03  # of seven, one may be an outlier
_SMALLEST_GAP: Final = 0.005  # seconds
_SHARE: Final = 1 / 3


@dataclass(frozen=True, slots=True)
class Samples:
    """How long answers took, in seconds: two kinds that should cost the same, and what costs nothing."""

    known: list[float]
    unknown: list[float]
    idle: list[float]

    @property
    def work(self) -> float:
        """What the slower kind costs beyond the way there and back."""
        return max(median(self.known), median(self.unknown)) - median(self.idle)

    @property
    def gap(self) -> float:
        """By how much the known kind takes longer."""
        return median(self.known) - median(self.unknown)

    @property
    def shows_work(self) -> bool:
        """Whether there is anything to compare that is longer than what a network varies by."""
        return self.work > 2 * _SMALLEST_GAP

    @property
    def differ(self) -> bool:
        """Whether one kind takes longer: by a good part of the work, and hardly by chance."""
        return abs(self.gap) > max(_SMALLEST_GAP, self.work * _SHARE) and (
            likelihood(self.known, self.unknown) < _LIKELIHOOD
        )

    def confirms(self, other: "Samples") -> bool:
        """Tell whether both show the same difference."""
        return self.differ and other.differ and (self.gap > 0) == (other.gap > 0)

    def __str__(self) -> str:
        """Return the medians."""
        shown = (("known", self.known), ("unknown", self.unknown), ("no work", self.idle))
        return ", ".join(f"{name} {median(times) * 1000:.1f} ms" for name, times in shown)


def likelihood(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how likely two series of one kind are to lie as far apart: Mann and Whitney's test, exact."""
    ordered = sorted([*first, *second])
    ranks = [ordered.index(time) + (ordered.count(time) + 1) / 2 for time in [*first, *second]]
    expected = len(first) * (len(ranks) + 1) / 2
    found = abs(sum(ranks[: len(first)]) - expected)
    as_far = sum(abs(sum(chosen) - expected) >= found for chosen in combinations(ranks, len(first)))
    return as_far / comb(len(ranks), len(first))
