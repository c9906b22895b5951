"""What is deployed in which order and with which arguments; every address is known before the first transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_typing import HexAddress, HexStr
from web3.types import Nonce
from web3.utils.address import get_create_address

from oracle.chain.deployments import GenesisModel
from oracle.domain.errors import BadInput
from scripts.deployment.profiles import Profile

ZERO = "0x" + "00" * 20
CONTRACTS = (
    "TimelockController",
    "BToken",
    "ModelRegistry",
    "DisputeResolver",
    "VerifierCommittee",
    "Governance",
    "PromptUpdate",
)
# Constructor arguments that are addresses of other contracts. The timelock is treasury, admin and minter.
WIRES = {
    "reserveToken": "ReserveToken",
    "timelock": "TimelockController",
    "treasury": "TimelockController",
    "admin": "TimelockController",
    "token": "BToken",
    "bToken": "BToken",
    "modelRegistry": "ModelRegistry",
    "registry": "ModelRegistry",
    "disputeResolver": "DisputeResolver",
    "resolver": "DisputeResolver",
    "arbitrator": "VerifierCommittee",
    "governance": "Governance",
    "promptUpdate": "PromptUpdate",
    "rewarder": "PromptUpdate",
}


@dataclass(frozen=True)
class Rule:
    """A prompt template or a sampling rule that is approved from the start."""

    id: str
    uri: str


@dataclass(frozen=True)
class Genesis:
    """The judges, models and rules that an organisation starts with."""

    verifiers: tuple[str, ...]
    threshold: int
    models: tuple[GenesisModel, ...]
    templates: tuple[Rule, ...]
    samplers: tuple[Rule, ...]


def predict(deployer: str, nonce: int, reserve_token: str | None) -> dict[str, str]:
    """Addresses of all contracts when `deployer` sends the deployment's transactions from `nonce` on.

    Without a reserve token the mock and the minting of the initial reserve come first; one approval always does.
    """

    def at(offset: int) -> str:
        return get_create_address(HexAddress(HexStr(deployer)), Nonce(nonce + offset))

    first = 1 if reserve_token else 3
    addresses = {name: at(first + offset) for offset, name in enumerate(CONTRACTS)}
    return {"ReserveToken": reserve_token or at(0), **addresses}


def arguments(profile: Profile, addresses: Mapping[str, str], genesis: Genesis) -> dict[str, dict[str, Any]]:
    """All named arguments of every constructor, out of profile, wiring and genesis."""
    wires = {argument: addresses[contract] for argument, contract in WIRES.items()}
    governance = addresses["Governance"]
    special: dict[str, dict[str, Any]] = {
        "TimelockController": {"proposers": [governance], "executors": [governance], "admin": ZERO},
        "ModelRegistry": {
            "models": [_model(model) for model in genesis.models],
            "templates": [{"id": rule.id, "uri": rule.uri} for rule in genesis.templates],
            "samplers": [{"id": rule.id, "uri": rule.uri} for rule in genesis.samplers],
        },
        "VerifierCommittee": {"members": list(genesis.verifiers), "threshold": genesis.threshold},
    }
    everywhere = wires | {"local": profile.local}
    return {name: everywhere | profile.values.get(name, {}) | special.get(name, {}) for name in CONTRACTS}


def constructor(abi: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a constructor takes, as ABI entries; a lone Config struct is opened."""
    inputs: list[dict[str, Any]] = next(entry for entry in abi if entry["type"] == "constructor")["inputs"]
    return inputs[0]["components"] if _takes_struct(inputs) else inputs


def encode(contract: str, abi: list[dict[str, Any]], named: Mapping[str, Any]) -> list[Any]:
    """Put named arguments in the constructor's order. Raises BadInput naming one that nothing gives."""
    inputs = next(entry for entry in abi if entry["type"] == "constructor")["inputs"]
    values = _ordered(contract, constructor(abi), named)
    return [values] if _takes_struct(inputs) else list(values)


def misnamed(profile: Profile, abis: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Values of a profile that no constructor takes: a name with a slip would go by unseen."""
    takes = {contract: {entry["name"] for entry in constructor(abi)} for contract, abi in abis.items()}
    return [
        f"{contract}.{name}"
        for contract, table in profile.values.items()
        for name in table
        if name not in takes[contract]
    ]


def scalars(abi: list[dict[str, Any]], named: Mapping[str, Any]) -> dict[str, int | bool | str]:
    """The constructor's plain values by name: no addresses, no lists, no structs."""
    plain = [entry["name"] for entry in constructor(abi) if entry["type"] in ("uint256", "bool", "string")]
    return {name: named[name] for name in plain}


def _takes_struct(inputs: list[dict[str, Any]]) -> bool:
    return len(inputs) == 1 and inputs[0]["type"] == "tuple"


def _ordered(where: str, inputs: list[dict[str, Any]], values: Mapping[str, Any]) -> tuple[Any, ...]:
    for entry in inputs:
        if entry["name"] not in values:
            raise BadInput(f"{where} needs {entry['name']}, which neither profile nor wiring gives")
    return tuple(_shaped(f"{where}.{entry['name']}", entry, values[entry["name"]]) for entry in inputs)


def _shaped(where: str, entry: dict[str, Any], value: Any) -> Any:
    if entry["type"] == "tuple":
        return _ordered(where, entry["components"], value)
    if entry["type"] == "tuple[]":
        return [_ordered(f"{where}[{i}]", entry["components"], item) for i, item in enumerate(value)]
    return value


def _model(model: GenesisModel) -> dict[str, Any]:
    commitment = {
        "weightsRoot": model.weights_root,
        "tokenizerHash": model.tokenizer_hash,
        "engineHash": model.engine_hash,
        "uri": model.uri,
    }
    return {"setter": model.setter, "commitment": commitment}
