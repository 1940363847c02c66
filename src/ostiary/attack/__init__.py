"""The harmless part of an attack, run by operators against what is their own."""

from ostiary.attack.run import Limits, attack
from ostiary.attack.verdict import Outcome, Verdict

__all__ = ["Limits", "Outcome", "Verdict", "attack"]
