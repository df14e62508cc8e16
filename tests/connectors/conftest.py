"""Sources may call loopback here, and lose no time over their pauses."""

from collections.abc import Iterator

import pytest

from shared.settings import get_settings


@pytest.fixture(scope="module", autouse=True)
def open_loopback() -> Iterator[None]:
    """The hosts that sources may call, and short pauses, for the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(get_settings(), "source_hosts", ["127.0.0.1"])
        patch.setattr(get_settings(), "source_first_pause_seconds", 0.01)
        yield
