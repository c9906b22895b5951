"""From a decision to calls: one pure function for the poster, the checker, the page and the tests."""

from collections.abc import Callable, Mapping

from eth_abi.abi import encode
from eth_utils.address import is_checksum_address, to_checksum_address
from eth_utils.crypto import keccak

from oracle.domain.action import Actions, Deployment, Payload
from oracle.domain.errors import BadInput, Refused
from oracle.domain.prompt import Prompt

MAX_ACTIONS = 10
TOKEN_DECIMALS = 18
RESERVE = "ReserveToken"
CONTRACTS = ("BToken", "DisputeResolver", "Governance", "ModelRegistry", "PromptUpdate", RESERVE)
"""Every contract that a call can go to."""
_PAY = {
    "mint": ("BToken", "governanceMint(address,uint256)"),
    "token": ("BToken", "transfer(address,uint256)"),
    "reserve": (RESERVE, "transfer(address,uint256)"),
}
Call = tuple[str, bytes]


def compile_actions(payload: Payload, prompt: Prompt, deployment: Deployment) -> Actions:
    """The timelock's calls for `payload`, in the prompt's order of candidates and parameters; `none` has no calls.

    Raises BadInput where the prompt is of another chain, an id is unknown or an address is missing or malformed,
    Refused above 10 calls.
    """
    if deployment.chain_id != prompt.chain_id:
        raise BadInput(
            f"the prompt is for chain {prompt.chain_id}, the deployment for chain {deployment.chain_id}",
            hint="Choose the deployment file of the prompt's chain.",
        )
    rule = _RULES.get(payload.action)
    if rule is None:
        raise BadInput(f"unknown action {payload.action!r}", hint=f"One of {', '.join(sorted(_RULES))}.")
    calls = rule(payload, prompt, deployment)
    if len(calls) > MAX_ACTIONS:
        raise Refused(f"{len(calls)} calls in one proposal", hint=f"At most {MAX_ACTIONS}.")
    return Actions(tuple(target for target, _ in calls), (0,) * len(calls), tuple(data for _, data in calls))


def actions_hash(actions: Actions) -> bytes:
    """keccak256(abi.encode(targets, values, calldatas)), 32 bytes."""
    arrays = [list(actions.targets), list(actions.values), list(actions.calldatas)]
    return keccak(encode(["address[]", "uint256[]", "bytes[]"], arrays))


def _fund(payload: Payload, prompt: Prompt, deployment: Deployment) -> list[Call]:
    contract, signature = _PAY[prompt.funding.source]
    target = _address(deployment, contract)
    decimals = deployment.reserve_decimals if contract == RESERVE else TOKEN_DECIMALS
    to = {candidate.id: candidate.address for candidate in prompt.candidates}
    amounts = _numbers(payload, "fund", to)
    return [
        (target, _call(signature, _checked(to[key], f"candidate {key}"), amounts[key] * 10**decimals))
        for key in to
        if key in amounts
    ]


def _set_parameter(payload: Payload, prompt: Prompt, deployment: Deployment) -> list[Call]:
    known = {parameter.id: parameter for parameter in prompt.parameters}
    values = _numbers(payload, "set_parameter", known)
    calls = []
    for key, parameter in known.items():
        if key in values:
            name = parameter.name.encode("ascii").ljust(32, b"\0")
            data = _call("setParameter(bytes32,uint256)", name, values[key] * 10**parameter.scale)
            calls.append((_address(deployment, parameter.contract), data))
    return calls


def _set_model(payload: Payload, prompt: Prompt, deployment: Deployment) -> list[Call]:
    known = {model.id: model.model_id for model in prompt.models}
    key = payload.fields.get("set_model")
    if not isinstance(key, str) or key not in known:
        raise BadInput(f"set_model names {key!r}, which the prompt does not list", hint="Use an id of the prompt.")
    data = _call("setConstitutionalModel(bytes32)", bytes.fromhex(known[key].removeprefix("0x")))
    return [(_address(deployment, "ModelRegistry"), data)]


def _signal(payload: Payload, prompt: Prompt, deployment: Deployment) -> list[Call]:
    text = payload.fields.get("signal")
    if not isinstance(text, str):
        raise BadInput("signal carries no text", hint='Write {"signal": "..."}.')
    return [(_address(deployment, "PromptUpdate"), _call("signal(string)", text))]


def _none(payload: Payload, prompt: Prompt, deployment: Deployment) -> list[Call]:
    return []


_RULES: dict[str, Callable[[Payload, Prompt, Deployment], list[Call]]] = {
    "fund": _fund,
    "set_parameter": _set_parameter,
    "set_model": _set_model,
    "signal": _signal,
    "none": _none,
}


def _numbers(payload: Payload, field: str, known: Mapping[str, object]) -> Mapping[str, int]:
    value = payload.fields.get(field)
    if not isinstance(value, Mapping) or not value:
        raise BadInput(f"{field} names nothing", hint="Name at least one id of the prompt.")
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise BadInput(f"{field} names {', '.join(unknown)}, which the prompt does not list", hint="Use its ids.")
    wrong = [key for key, number in value.items() if not isinstance(number, int) or not 0 <= number < 2**128]
    if wrong:
        raise BadInput(f"{field}: no amount for {', '.join(wrong)}", hint="Amounts are whole numbers from 0 to 2^128.")
    return value


def _call(signature: str, *arguments: object) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(text=signature)[:4] + encode(types, arguments)


def _address(deployment: Deployment, contract: str) -> str:
    address = deployment.addresses.get(contract)
    if address is None:
        raise BadInput(f"the deployment has no {contract}", hint="Deploy again, or name the right deployment file.")
    return _checked(address, contract)


def _checked(address: str, owner: str) -> str:
    if not is_checksum_address(address):
        mend = to_checksum_address(address) if _looks_like_address(address) else "0x and 40 hexadecimal digits"
        raise BadInput(f"{owner}: {address!r} is not a checksummed address", hint=f"Write {mend}.")
    return address


def _looks_like_address(address: str) -> bool:
    digits = address.removeprefix("0x")
    return len(digits) == 40 and all(char in "0123456789abcdefABCDEF" for char in digits)
