"""Compare a chain with its deployment file, and name everything that differs."""

from collections.abc import Callable, Iterator
from typing import Any

from web3 import Web3
from web3.contract import Contract
from web3.exceptions import Web3Exception

from oracle.chain import abi
from oracle.chain.deployments import DeploymentFile
from oracle.domain.errors import BadInput
from scripts.deployment import profiles
from scripts.deployment.plan import CONTRACTS, WIRES, constructor

Artifacts = dict[str, str]  # deployed code by contract, hex without 0x, immutables left zero
ROLES = ("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE", "MINTER_ROLE", "REWARDER_ROLE")
HOLDERS = {
    "TimelockController": {
        "DEFAULT_ADMIN_ROLE": "TimelockController",
        "PROPOSER_ROLE": "Governance",
        "EXECUTOR_ROLE": "Governance",
        "CANCELLER_ROLE": "Governance",
    },
    "BToken": {
        "DEFAULT_ADMIN_ROLE": "TimelockController",
        "MINTER_ROLE": "TimelockController",
        "REWARDER_ROLE": "PromptUpdate",
    },
}
APPROVED = 2
STEP = 10_000  # blocks of history asked for at a time
PLACEHOLDER = "7f" + "00" * 32  # PUSH32 of nothing: where the constructor puts an immutable


class Chain:
    """The deployed contracts, read one value at a time; what does not answer reads as text that says so."""

    def __init__(self, web3: Web3, deployment: DeploymentFile) -> None:
        self.web3 = web3
        self.deployment = deployment
        self._contracts: dict[str, Contract] = {}

    def contract(self, name: str) -> Contract:
        """The contract of this name at its address in the file."""
        if name not in self._contracts:
            address = Web3.to_checksum_address(self.deployment.address(name))
            interface = abi.load("MockUSDC" if name == "ReserveToken" else name)
            self._contracts[name] = self.web3.eth.contract(address, abi=interface)
        return self._contracts[name]

    def read(self, name: str, function: str, *args: Any) -> Any:
        """What a view returns."""
        try:
            return self.contract(name).functions[function](*args).call()
        except (Web3Exception, ValueError) as error:
            return f"no answer ({type(error).__name__})"

    def code(self, name: str) -> str:
        """Hex of the code at the contract's address, without 0x."""
        return self.web3.eth.get_code(Web3.to_checksum_address(self.deployment.address(name))).hex()


def differences(web3: Web3, deployment: DeploymentFile, artifacts: Artifacts) -> list[str]:
    """One sentence for each thing on the chain that is not as the file, the profile and the sources say."""
    chain = Chain(web3, deployment)
    if web3.eth.chain_id != deployment.chain_id:
        return [f"chain id: the file says {deployment.chain_id}, the endpoint serves {web3.eth.chain_id}"]
    missing = [name for name in CONTRACTS if name not in deployment.addresses]
    if missing:
        return [f"{name}: the file gives no address" for name in missing]
    found = list(_code(chain, artifacts))
    # A contract that is not there answers nothing: its code is the one thing to report.
    if found:
        return found
    return [
        sentence
        for check in (_profile, _parameters, _wiring, _roles, _registry, _committee, _genesis)
        for sentence in check(chain)
    ]


def masked(code: str, template: str) -> str:
    """`code` with zeros wherever `template` leaves room for an immutable."""
    at = template.find(PLACEHOLDER)
    while at >= 0:
        code = code[:at] + template[at : at + len(PLACEHOLDER)] + code[at + len(PLACEHOLDER) :]
        at = template.find(PLACEHOLDER, at + len(PLACEHOLDER))
    return code


def _differ(what: str, expected: object, found: object) -> Iterator[str]:
    if expected != found:
        yield f"{what}: expected {expected}, found {found}"


def _code(chain: Chain, artifacts: Artifacts) -> Iterator[str]:
    for name, address in chain.deployment.addresses.items():
        code = chain.code(name)
        if not code:
            yield f"{name}: no code at {address}"
            continue
        found = Web3.to_hex(Web3.keccak(hexstr=code))
        yield from _differ(f"{name}: code hash", chain.deployment.code_hashes.get(name), found)
        if name in artifacts and masked(code, artifacts[name]) != artifacts[name]:
            yield f"{name}: the code at {address} is not what these sources compile to"


def _profile(chain: Chain) -> Iterator[str]:
    try:
        profile = profiles.load(chain.deployment.profile, chain.read("ReserveToken", "decimals"))
    except BadInput as error:
        yield f"profile: {error.message}"
        return
    for contract, values in profile.values.items():
        for name, value in values.items():
            stated = chain.deployment.parameters.get(contract, {}).get(name)
            yield from _differ(f"{contract}.{name} in the file, against profile {profile.name}", value, stated)


def _parameters(chain: Chain) -> Iterator[str]:
    for contract, values in chain.deployment.parameters.items():
        for name, value in values.items():
            if (contract, name) != ("BToken", "initialReserve"):  # Consumed at once: every purchase moves it.
                yield from _differ(f"{contract}.{name}", value, _parameter(chain, contract, name))


def _parameter(chain: Chain, contract: str, name: str) -> Any:
    known = {entry.get("name") for entry in abi.load(contract)}
    getter = {"local": "localProfile", "minDelay": "getMinDelay"}.get(name, name)
    if "parameter" in known and name not in ("name", "symbol", "local"):
        return chain.read(contract, "parameter", name.encode().ljust(32, b"\0"))
    return chain.read(contract, getter)


def _wiring(chain: Chain) -> Iterator[str]:
    for contract in CONTRACTS:
        getters = {entry["name"] for entry in abi.load(contract) if entry["type"] == "function" and not entry["inputs"]}
        for entry in constructor(abi.load(contract)):
            wire = entry["name"]
            if wire in WIRES and wire in getters:
                expected = chain.deployment.address(WIRES[wire])
                yield from _differ(f"{contract}.{wire}", expected, chain.read(contract, wire))


def _roles(chain: Chain) -> Iterator[str]:
    for contract, expected in HOLDERS.items():
        held = _holders(chain, contract)
        for role in ROLES:
            id_ = b"\0" * 32 if role.startswith("DEFAULT") else bytes(Web3.keccak(text=role))
            wanted = {chain.deployment.address(expected[role])} if role in expected else set()
            yield from _differ(f"{contract}: holders of {role}", sorted(wanted), sorted(held.pop(id_, set())))
        for id_, accounts in held.items():
            if accounts:
                yield f"{contract}: unknown role 0x{id_.hex()} is held by {sorted(accounts)}"


def _holders(chain: Chain, contract: str) -> dict[bytes, set[str]]:
    """Holders by role, out of the whole history: a role cannot be enumerated, but it cannot be given in silence."""
    held: dict[bytes, set[str]] = {}
    for event in _history(chain, contract):
        accounts = held.setdefault(bytes(event["args"]["role"]), set())
        change: Callable[[str], None] = accounts.add if event["event"] == "RoleGranted" else accounts.discard
        change(event["args"]["account"])
    return held


def _history(chain: Chain, contract: str) -> Iterator[Any]:
    """Role events in their order, read in steps that every provider allows."""
    events = chain.contract(contract).events
    head = chain.web3.eth.block_number
    for start in range(chain.deployment.block, head + 1, STEP):
        span = {"from_block": start, "to_block": min(start + STEP - 1, head)}
        found = [*events.RoleGranted().get_logs(**span), *events.RoleRevoked().get_logs(**span)]
        yield from sorted(found, key=lambda log: (log["blockNumber"], log["logIndex"]))


def _registry(chain: Chain) -> Iterator[str]:
    for rule, getter in (("templates", "templateApproved"), ("samplers", "samplerApproved")):
        for id_ in getattr(chain.deployment, rule):
            yield from _differ(f"ModelRegistry: {getter}({id_})", True, chain.read("ModelRegistry", getter, id_))
    for index, model in enumerate(chain.deployment.models):
        found = chain.read("ModelRegistry", "modelOf", model.id)
        commitment = [model.weights_root, model.tokenizer_hash, model.engine_hash, model.uri]
        wanted = [model.setter, APPROVED, *commitment]
        if isinstance(found, str):
            yield f"ModelRegistry: model {model.name} ({model.id}): {found}"
            continue
        setter, _, status, (weights, tokenizer, engine, uri) = found
        have = [setter, status, *(Web3.to_hex(part) for part in (weights, tokenizer, engine)), uri]
        yield from _differ(f"ModelRegistry: model {model.name}", wanted, have)
        if index == 0:
            current = chain.read("ModelRegistry", "constitutionalModel")
            yield from _differ("ModelRegistry: constitutional model", model.id, Web3.to_hex(current))


def _genesis(chain: Chain) -> Iterator[str]:
    found = chain.read("PromptUpdate", "genesis")
    yield from _differ("PromptUpdate: genesis time", chain.deployment.genesis_time, found)


def _committee(chain: Chain) -> Iterator[str]:
    members = chain.read("VerifierCommittee", "members")
    yield from _differ("VerifierCommittee: members", sorted(chain.deployment.verifiers), sorted(members))
