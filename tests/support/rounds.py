"""Small things that tests of round folders share."""

import json
from typing import Any

from oracle.domain.errors import BadInput
from oracle.rounds import settle
from oracle.rounds.folder import PAYOUTS, RESULT, Folder
from oracle.rounds.kind import Tools


def change(folder: Folder, name: str, old: str, new: str) -> None:
    """Replaces the first `old` of a file, which must be there."""
    text = folder.read(name).decode()
    assert old in text
    folder.write({name: text.replace(old, new, 1).encode()})


def set_rule(folder: Folder, **values: object) -> None:
    """Changes the rule of round.json."""
    document = json.loads(folder.read("round.json"))
    document["rule"] |= values
    folder.write({"round.json": json.dumps(document).encode()})


def posted(folder: Folder) -> tuple[dict[str, Any], dict[str, int]]:
    """Settles, writes, and returns the result and the amounts."""
    made = settle.post(folder, Tools())
    folder.write(made)
    rows = made[PAYOUTS].decode().split()[1:]
    return json.loads(made[RESULT]), {account: int(amount) for account, amount in (row.split(",") for row in rows)}


def mistakes_of(folder: Folder) -> list[BadInput]:
    """Everything that is wrong with a round."""
    found, mistakes = settle.examine(folder)
    assert (found is None) == bool(mistakes)
    return mistakes
