"""When two series of times are called different."""

from random import Random

import pytest

from ostiary.attack.samples import Samples, likelihood

ROUNDS = 7
HASH = 0.05


def series(noise: Random, way: float, work: float, spread: float) -> list[float]:
    """Return times over a network that varies, with an outlier now and then."""
    return [
        way + work + noise.expovariate(1 / spread) + (0.5 if noise.random() < 0.05 else 0)
        for _ in range(ROUNDS)
    ]


def samples(noise: Random, unknown: float, spread: float) -> Samples:
    way = noise.uniform(0.001, 0.2)
    return Samples(
        series(noise, way, HASH, spread), series(noise, way, unknown, spread), series(noise, way, 0, spread)
    )


@pytest.mark.parametrize("spread", [0.001, 0.01, 0.05, 0.2])
def test_equal_work_is_never_called_different_twice(spread: float) -> None:
    """On quick and slow, calm and restless networks alike."""
    noise = Random(7)
    alarms = 0
    for _ in range(300):
        first, second = samples(noise, HASH, spread), samples(noise, HASH, spread)
        alarms += second.confirms(first)
    assert alarms == 0


@pytest.mark.parametrize("spread", [0.001, 0.005])
def test_work_that_is_left_out_shows(spread: float) -> None:
    noise = Random(7)
    seen = sum(samples(noise, 0, spread).confirms(samples(noise, 0, spread)) for _ in range(100))
    assert seen > 90


def test_a_small_share_of_the_work_is_not_called_a_difference() -> None:
    """However certain it is: a look-up more or less is not a hash."""
    found = Samples(
        [0.060 + n / 10_000 for n in range(7)], [0.050 + n / 10_000 for n in range(7)], [0.001] * 7
    )
    assert likelihood(found.known, found.unknown) < 0.001
    assert not found.differ


def test_opposite_differences_do_not_confirm_each_other() -> None:
    slow, quick = [0.05 + n / 10_000 for n in range(7)], [0.001 + n / 10_000 for n in range(7)]
    first, second = Samples(slow, quick, quick), Samples(quick, slow, quick)
    assert first.differ
    assert second.differ
    assert not second.confirms(first)
    assert first.confirms(first)


def test_the_likelihood_is_that_of_mann_and_whitney() -> None:
    assert likelihood([1, 2, 3], [4, 5, 6]) == pytest.approx(2 / 20)
    assert likelihood([1, 3, 5], [2, 4, 6]) == pytest.approx(14 / 20)
    assert likelihood([1, 1], [1, 1]) == 1
