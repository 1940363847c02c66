"""The pipeline: every endpoint with its limits and hooks."""

from ostiary.composition.parts import Parts, rate_limit_storage, runtime_of
from ostiary.composition.production import check_production
from ostiary.composition.services import services_of
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.observation import Observers
from ostiary.http.hooks import check_names
from ostiary.http.limits import Limits
from ostiary.http.pipeline import Pipeline
from ostiary.http.routes import core_endpoints
from ostiary.options import Options
from ostiary.plugins.base import Plugin
from ostiary.storage.rate_limits import (
    FallbackRateLimiter,
    KeyValueRateLimiter,
    MemoryRateLimiter,
    RateLimiter,
    StoreRateLimiter,
)
from ostiary.storage.store import Store


def _limiter_of(options: Options, parts: Parts, store: Store, memory: MemoryRateLimiter) -> RateLimiter:
    runtime = runtime_of(options, parts)
    match rate_limit_storage(options, parts):
        case "memory":
            return memory
        case "secondary-storage" if parts.key_value is not None:
            return FallbackRateLimiter(KeyValueRateLimiter(parts.key_value), memory, runtime)
        case "secondary-storage":
            raise ConfigurationError("rate_limit.storage is 'secondary-storage': pass key_value to Auth")
    return FallbackRateLimiter(StoreRateLimiter(store, runtime), memory, runtime)


def _watched(limiter: RateLimiter, observers: Observers) -> RateLimiter:
    if isinstance(limiter, FallbackRateLimiter):
        observers.watch(
            "rate_limit_store_failures",
            "How often the store that shares rate limits did not answer",
            lambda: limiter.failures,
        )
    return limiter


def build_pipeline(options: Options, parts: Parts, store: Store) -> Pipeline:
    """Return the pipeline of a configuration; raises ConfigurationError with the cure."""
    memory = MemoryRateLimiter(runtime_of(options, parts))
    check_production(options)
    observers = Observers(parts.observers)
    limiter = _watched(_limiter_of(options, parts, store, memory), observers)
    services = services_of(options, parts, store, limiter)
    endpoints = core_endpoints()
    for plugin in parts.plugins:
        plugin.check(services)
        endpoints += plugin.endpoints()
    all_hooks = [parts.hooks, *(plugin.hooks.bound_to(plugin) for plugin in parts.plugins)]
    owners = ["the application", *(f"the plugin '{plugin.id}'" for plugin in parts.plugins)]
    for owner, hooks in zip(owners, all_hooks, strict=True):
        check_names(owner, hooks, [endpoint.name for endpoint in endpoints])
    limits = Limits(
        limiter,
        # a general limit protects the process, so the process may count it: no write for each request
        general=memory if options.rate_limit.shared and options.rate_limit.storage is None else limiter,
        options=options.rate_limit,
        tracks_addresses=not options.advanced.ip_address.disable_ip_tracking,
    )
    return Pipeline(
        services,
        endpoints,
        limits,
        all_hooks,
        observers=observers,
        on_request=[p.on_request for p in parts.plugins if type(p).on_request is not Plugin.on_request],
        on_response=[p.on_response for p in parts.plugins if type(p).on_response is not Plugin.on_response],
        present=[p.present for p in parts.plugins if type(p).present is not Plugin.present],
    )
