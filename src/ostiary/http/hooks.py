"""Hooks around endpoints: named by endpoint, resolved when the server is put together."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from ostiary.domain.errors import ConfigurationError
from ostiary.http.context import Context

ANY: Final = "*"
"""Stands for every endpoint."""

Before: TypeAlias = Callable[[Context], Awaitable[None]]
After: TypeAlias = Callable[[Context, Any], Awaitable[Any]]  # results are of any output class
B = TypeVar("B", bound=Callable[..., Awaitable[None]])
A = TypeVar("A", bound=Callable[..., Awaitable[Any]])


@dataclass(frozen=True)
class Hook:
    """One function and the endpoints it belongs to."""

    endpoints: tuple[str, ...]
    function: Callable[..., Awaitable[Any]]  # a Before or an After
    returns: tuple[Any, ...] = ()  # type expressions

    def concerns(self, endpoint: str) -> bool:
        """Tell whether the hook runs around an endpoint."""
        return ANY in self.endpoints or endpoint in self.endpoints

    def bound_to(self, owner: object) -> "Hook":
        """Return the hook with a plugin's method bound to the plugin."""
        return Hook(self.endpoints, self.function.__get__(owner), self.returns)


@dataclass
class Hooks:
    """What the application or a plugin does before and after endpoints."""

    before_hooks: list[Hook] = field(default_factory=list)
    after_hooks: list[Hook] = field(default_factory=list)

    def before(self, *endpoints: str) -> Callable[[B], B]:
        """Run before validation and handler; raise to refuse, change `context.body` to amend the input."""

        def declare(function: B) -> B:
            """Keep the declaration."""
            self.before_hooks.append(Hook(_named(endpoints), function))
            return function

        return declare

    def after(self, *endpoints: str, returns: Any = None) -> Callable[[A], A]:  # a type expression
        """Run after the handler with its result; what is returned, other than None, replaces it.

        A replacement of another class must be declared with `returns`.
        """

        def declare(function: A) -> A:
            """Keep the declaration."""
            self.after_hooks.append(Hook(_named(endpoints), function, (returns,) if returns else ()))
            return function

        return declare

    def bound_to(self, owner: object) -> "Hooks":
        """Return the hooks with a plugin's methods bound to the plugin."""
        return Hooks(
            [hook.bound_to(owner) for hook in self.before_hooks],
            [hook.bound_to(owner) for hook in self.after_hooks],
        )


def _named(endpoints: tuple[str, ...]) -> tuple[str, ...]:
    if not endpoints:
        raise ConfigurationError("a hook names the endpoints it belongs to, or ANY")
    return endpoints


def check_names(owner: str, hooks: Hooks, known: Iterable[str]) -> None:
    """Refuse hooks around endpoints that no one declares."""
    names = {ANY, *known}
    for hook in (*hooks.before_hooks, *hooks.after_hooks):
        for endpoint in hook.endpoints:
            if endpoint not in names:
                raise ConfigurationError(f"{owner} hooks into '{endpoint}', which no one declares")


def before_hooks_of(all_hooks: Sequence[Hooks], endpoint: str) -> tuple[Before, ...]:
    """Return what runs before an endpoint, in order."""
    return tuple(h.function for hooks in all_hooks for h in hooks.before_hooks if h.concerns(endpoint))


def replacements_of(all_hooks: Sequence[Hooks], endpoint: str) -> tuple[Any, ...]:  # type expressions
    """Return what hooks may answer instead of an endpoint's own result."""
    return tuple(
        r for hooks in all_hooks for h in hooks.after_hooks if h.concerns(endpoint) for r in h.returns
    )


def after_hooks_of(all_hooks: Sequence[Hooks], endpoint: str) -> tuple[After, ...]:
    """Return what runs after an endpoint, in order."""
    return tuple(h.function for hooks in all_hooks for h in hooks.after_hooks if h.concerns(endpoint))
