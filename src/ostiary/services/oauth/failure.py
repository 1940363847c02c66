"""Why a sign-in by a provider came to nothing."""


class FlowFailed(Exception):
    """A flow ends here; `code` and `description` are what the browser is told, `reason` what the log is."""

    def __init__(
        self,
        code: str,
        description: str | None = None,
        *,
        reason: str = "",
        error_url: str | None = None,
        is_over: bool = False,
    ) -> None:
        """`error_url` is where the flow wanted failures to go, if that is known; one that `is_over` is the
        browser's own, and never comes to anything."""
        super().__init__(code)
        self.code = code
        self.description = description
        self.reason = reason
        self.error_url = error_url
        self.is_over = is_over


class ProviderFailed(Exception):
    """The provider refused, did not answer, or answered what cannot be used; the message is for the log."""


class IdTokenRefused(ProviderFailed):
    """The ID token proves nothing, or cannot be judged."""
