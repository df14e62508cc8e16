"""What only looking at the code can show: our own rules, and secrets among the tests."""

import pytest

from tests.security import looking_for_secrets
from tests.security.semgrep import look


@pytest.mark.slow
@pytest.mark.skipif(not look.PROGRAM.is_file(), reason="`make semgrep` installs semgrep")
def test_every_rule_finds_what_it_is_for_and_nothing_in_the_code() -> None:
    assert look.main() == 0


@pytest.mark.slow
def test_no_secret_is_kept_in_git() -> None:
    assert looking_for_secrets.main(with_tests=True) == 0
