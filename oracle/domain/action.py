"""What a sample says to do, and the calls it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass

FieldValue = Mapping[str, int] | str


@dataclass(frozen=True, slots=True)
class Payload:
    """One decision: the action's name and its fields, ids as keys, amounts in whole units."""

    action: str
    fields: Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True)
class Answer:
    """A sample that parses: the decision, and the reason given for it (shown, never part of the decision)."""

    payload: Payload
    rationale: str


@dataclass(frozen=True, slots=True)
class Actions:
    """Calls for the timelock, in order: targets (checksummed), values in wei, calldata; three equal lengths."""

    targets: tuple[str, ...] = ()
    values: tuple[int, ...] = ()
    calldatas: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the contracts are: chain id, address by contract name (`ReserveToken` among them), its decimals."""

    chain_id: int
    addresses: Mapping[str, str]
    reserve_decimals: int
