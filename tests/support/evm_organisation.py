"""The whole organisation in pyrevm: every real contract, wired and set up as the deployment does it."""

from collections.abc import Sequence
from typing import Any

from eth_utils.address import to_checksum_address

from oracle.chain.deployments import GenesisModel
from scripts.deployment import plan, profiles
from tests.support.evm import Contract, Evm, account, artifact

RICH = 10**18
"""Reserve units of everybody: a million million dollars."""

DEPLOYER, MINTER = account(1), account(2)
TEMPLATE, SAMPLER = b"\x0a" * 32, b"\x0b" * 32


class Organisation:
    """Contracts by name (`org.BToken`), each callable; `people` hold reserve tokens and let the contracts pull them."""

    def __init__(self, people: Sequence[str], setters: Sequence[str], **changes: dict[str, Any]) -> None:
        """`changes` are values of constructors by contract that differ from the production profile."""
        self.evm = Evm()
        self.money = self.evm.deploy("MockUSDC", sender=MINTER)
        profile = profiles.load("production", 6)
        for name, values in changes.items():
            profile.values[name] |= values
        self.values = profile.values
        # Only deployments count in a nonce here, so the approval that the plan leaves room for takes none.
        addresses = plan.predict(DEPLOYER, -1, self.money.address)
        rules = [plan.Rule(_word(rule), "") for rule in (TEMPLATE, SAMPLER)]
        models = tuple(_model(setter) for setter in setters)
        genesis = plan.Genesis((account(9),), 1, models, (rules[0],), (rules[1],))
        named = plan.arguments(profile, addresses, genesis)
        self.money("mint", DEPLOYER, RICH)
        self.money("approve", addresses["BToken"], RICH, sender=DEPLOYER)
        self._parts = {name: self._deploy(name, named[name], addresses[name]) for name in plan.CONTRACTS}
        for part in self._parts.values():
            part.errors.update(self.BToken.errors)
        for who in people:
            self.money("mint", who, RICH)
            for spender in ("BToken", "PromptUpdate", "DisputeResolver"):
                self.money("approve", addresses[spender], 1 << 255, sender=who)
            self.BToken("approve", addresses["PromptUpdate"], 1 << 255, sender=who)

    def __getattr__(self, name: str) -> Contract:
        return self._parts[name]

    def model_id(self, setter: str) -> bytes:
        """Id of the model that `setter` registered at deployment."""
        model = _model(setter)
        roots = (bytes.fromhex(root[2:]) for root in (model.weights_root, model.tokenizer_hash, model.engine_hash))
        return bytes(self.ModelRegistry("modelIdOf", setter, (*roots, model.uri)))

    def _deploy(self, name: str, named: dict[str, Any], expected: str) -> Contract:
        made = self.evm.deploy(name, *_plain(plan.encode(name, artifact(name).abi, named)), sender=DEPLOYER)
        assert made.address.lower() == expected.lower(), name
        return made


def _model(setter: str) -> GenesisModel:
    word = _word(b"\x01" * 32)
    return GenesisModel(
        name="model",
        id=word,
        setter=to_checksum_address(setter),
        weights_root=word,
        tokenizer_hash=word,
        engine_hash=word,
        uri="ipfs://model",
    )


def _word(data: bytes) -> str:
    return "0x" + data.hex()


def _plain(value: Any) -> Any:
    """Hexadecimal words as bytes, in lists and tuples too."""
    if isinstance(value, str) and value.startswith("0x") and len(value) == 66:
        return bytes.fromhex(value[2:])
    return type(value)(_plain(item) for item in value) if isinstance(value, list | tuple) else value
