"""The standalone server: configuration from outside, an application for uvicorn."""

from ostiary.server.settings import Settings

__all__ = ["Settings"]
