"""Both ports in the memory of one process: the reference for the contract suite, and a store for tests."""

from ostiary.storage.memory.key_value import MemoryKeyValue
from ostiary.storage.memory.store import MemoryStore

__all__ = ["MemoryKeyValue", "MemoryStore"]
