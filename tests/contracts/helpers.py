"""Units and the clock, for the tests in this folder."""

from brownie import chain

DAY = 24 * 60  # of the local profile, whose hours have sixty seconds
TOKEN = 10**18


def wait_until(timestamp: int) -> None:
    """Let the chain's clock reach `timestamp`."""
    behind = timestamp - chain[-1].timestamp
    if behind > 0:
        chain.sleep(behind)
        chain.mine()
