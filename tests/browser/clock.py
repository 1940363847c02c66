"""A clock for servers that a browser talks to: it runs as the machine's does, and jumps when told to."""

from datetime import datetime, timedelta

from ostiary.domain.runtime import SystemRuntime


class MovableRuntime(SystemRuntime):
    """The system's clock, ahead by what a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()
