"""Where an epoch and its bids stand, numbered as on chain."""

from enum import IntEnum


class EpochStage(IntEnum):
    """The stages of an epoch; the last three are how an auction with a winner ends."""

    UPCOMING = 0
    COMMIT = 1
    REVEAL = 2
    SETTLE = 3
    SEED = 4
    SUBMIT = 5
    VACANT = 6
    LAPSED = 7
    POSTED = 8
    ABSTAINED = 9
    FORFEITED = 10


class BidStatus(IntEnum):
    """What became of a bid; the last three are for the winner's."""

    NONE = 0
    SEALED = 1
    REVEALED = 2
    POSTED = 3
    ABSTAINED = 4
    FORFEITED = 5
