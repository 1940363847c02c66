"""All scenarios of this folder, grouped by configuration."""

from importlib import import_module
from pkgutil import iter_modules

from tests.conformance import scenarios

for module in iter_modules(scenarios.__path__):
    if module.name != "every":
        import_module(f"{scenarios.__name__}.{module.name}")

SCENARIOS = sorted(scenarios.SCENARIOS, key=lambda scenario: scenario.configuration.name)
