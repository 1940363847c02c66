"""Puts the parts together: which store, which limiter, which hooks, in one place."""

from ostiary.composition.parts import Parts, keyring_of, runtime_of, schema_of
from ostiary.composition.pipeline import build_pipeline

__all__ = ["Parts", "build_pipeline", "keyring_of", "runtime_of", "schema_of"]
