"""Addresses in answers honour the prefix under which a gateway serves a service."""

from shared.settings import get_settings


def href(path: str) -> str:
    """A path of this service as a caller must ask for it."""
    return f"{get_settings().public_prefix.rstrip('/')}{path}"


def without_prefix(path: str) -> str:
    """A path as this service itself knows it."""
    prefix = get_settings().public_prefix.rstrip("/")
    return path.removeprefix(prefix) if prefix else path


def beside(service: str, path: str) -> str:
    """A path of another service, as a caller of this one must ask for it.

    Behind a gateway it stands beside this one, `/allocation` beside `/valuation`.
    """
    prefix = get_settings().public_prefix.rstrip("/")
    return f"{prefix.rpartition('/')[0]}/{service}{path}" if prefix else path
