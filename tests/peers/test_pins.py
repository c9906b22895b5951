"""Whatever `make test-peers` installs is pinned."""

from tests.support.pins import installed, pinned


def test_peers__every_installed_package__is_the_pinned_one() -> None:
    assert installed() == pinned("constraints-peers.txt")
