"""Every scenario, by the configuration it plays on."""

from collections.abc import Callable

from tests.conformance.client import Client
from tests.conformance.stage import Configuration, Scenario

Play = Callable[[Client], None]
SCENARIOS: list[Scenario] = []


def scenario(*configurations: Configuration) -> Callable[[Play], Play]:
    """Register a story; on several configurations it is told on each."""

    def register(play: Play) -> Play:
        SCENARIOS.extend(Scenario(play, configuration) for configuration in configurations)
        return play

    return register
