"""A call in words: contract, function and each argument by name, amounts in whole tokens where they are amounts."""

from collections.abc import Mapping
from typing import Any

from oracle.chain import codec
from oracle.chain.explain import show
from oracle.chain.web3chain import abi_name
from oracle.cli.amounts import TOKEN_DECIMALS, format_amount, short
from oracle.ports.chain import Call, Chain

_TOKEN_ARGUMENTS = {"tokens", "deposit", "amount", "value"}
_TOKEN_CONTRACTS = {"BToken", "PromptUpdate"}
_TARGETS = (
    "BToken",
    "ReserveToken",
    "PromptUpdate",
    "Governance",
    "ModelRegistry",
    "DisputeResolver",
    "VerifierCommittee",
)


def describe(call: Call, chain: Chain) -> list[str]:
    """Lines that say where the call goes and what it carries."""
    lines = [f"{call.contract}.{call.function} at {chain.address(call.contract)}"]
    for name, kind, value in codec.arguments(abi_name(call.contract), call.function, call.args):
        lines.append(f"  {name} = {_value(call.contract, name, kind, value)}")
    return lines


def describe_data(chain: Chain, target: str, data: bytes, names: Mapping[str, str]) -> str:
    """One line for a proposed call: `BToken.governanceMint(to Seed library 0x12…, 500 tokens)`.

    `names` tells who is behind an address. Raw hex if no contract of the deployment knows the call.
    """
    contract = next((name for name in _TARGETS if chain.address(name) == target), None)
    decoded = codec.of(abi_name(contract)).decode_call(data) if contract else None
    if contract is None or decoded is None:
        return f"{target} with calldata 0x{data.hex()}"
    signature, arguments = decoded
    kinds = signature.split("(", 1)[1].rstrip(")").split(",")
    told = []
    for (name, value), kind in zip(arguments.items(), kinds, strict=True):
        text = _value(contract, name, kind, value)
        if kind == "address":
            text = f"{names[value]} {short(text)}" if value in names else short(text)
        told.append(text if text.endswith(" tokens") else f"{name} {text}")
    return f"{contract}.{signature.split('(', 1)[0]}({', '.join(told)})"


def _value(contract: str, name: str, kind: str, value: Any) -> str:
    if kind.startswith("uint") and name in _TOKEN_ARGUMENTS and contract in _TOKEN_CONTRACTS and name != "value":
        return f"{format_amount(value, TOKEN_DECIMALS)} tokens"
    text = show(value)
    return text if len(text) <= 160 else f"{text[:150]}… ({len(text)} characters)"
