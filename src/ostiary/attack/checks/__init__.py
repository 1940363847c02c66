"""What is tried, in this order."""

from typing import Final

from ostiary.attack.checks import answers, guessing, origins, sessions, timing, tokens
from ostiary.attack.verdict import Check

HARMLESS: Final[tuple[Check, ...]] = (
    *sessions.CHECKS,
    *answers.CHECKS,
    *origins.CHECKS,
    *tokens.CHECKS,
    *timing.CHECKS,
)
GUESSING: Final[tuple[Check, ...]] = guessing.CHECKS
"""What leaves this address with fewer tries for a while."""
