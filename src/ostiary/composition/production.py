"""What may do on a developer's machine and must not start anywhere else."""

from urllib.parse import urlsplit

from ostiary.domain.errors import ConfigurationError
from ostiary.options import Options
from ostiary.options.options import SHORTEST_SECRET
from ostiary.outgoing.networks import is_loopback_name


def is_production(options: Options) -> bool:
    """Tell whether people other than its developer can reach the server, as far as its address tells."""
    return options.base_url is not None and not is_loopback_name(urlsplit(options.base_url).hostname or "")


def require_strong_secrets(options: Options) -> None:
    """Raise ConfigurationError for a secret that somebody may try out."""
    given = [options.secret, *(secret.value for secret in options.secrets)]
    if any(secret is not None and len(secret) < SHORTEST_SECRET for secret in given):
        raise ConfigurationError(
            f"a secret is shorter than {SHORTEST_SECRET} characters: make one with `ostiary secret`"
        )


def check_production(options: Options) -> None:
    """Refuse what is only good enough for a developer's machine."""
    if is_production(options):
        require_strong_secrets(options)
