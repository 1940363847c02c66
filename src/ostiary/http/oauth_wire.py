"""The shapes of protocols that speak snake_case, as OAuth does."""

from pydantic import ConfigDict

from ostiary.http.wire import OpenWireModel, Output, WireModel


class OAuthModel(WireModel):
    """A request body or query whose members are called as in Python."""

    model_config = ConfigDict(alias_generator=str)


class OpenOAuthModel(OpenWireModel):
    """The same, with the additional fields of the configuration."""

    model_config = ConfigDict(alias_generator=str)


class OAuthOutput(Output):
    """A response body whose members are called as in Python."""

    @staticmethod
    def wire_name(name: str) -> str:
        """Return the name as it is."""
        return name
