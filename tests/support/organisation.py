"""A whole organisation on a local chain in seconds: contracts, people with tokens and votes, an oracle beside it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from oracle.chain import codec
from oracle.chain.accounts import LocalSigner, from_mnemonic
from oracle.chain.clock import SystemClock
from oracle.chain.deployments import GenesisModel
from oracle.chain.devnode import DevNode
from oracle.chain.rpc import Rpc
from oracle.chain.web3chain import Web3Chain
from oracle.domain.action import Deployment
from oracle.domain.records import SealedBid
from oracle.domain.sampler import Sampler
from oracle.domain.slot import Opening
from oracle.jobs.context import Context, Step
from oracle.jobs.runner import run_due
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.prompt_rules import encode, prompt_hash
from oracle.mechanism.seed import bid_commitment
from oracle.mechanism.template import template_id
from oracle.ports.chain import Call, Receipt
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from oracle.storage.folder import FolderStore
from scripts.deployment import plan, profiles
from tests.support.artifacts import creation_code
from tests.support.fake_model import FakeModel

TOKEN = 10**18
USDC = 10**6
FOR = 1
ROLES = ("deployer", "prompter", "rival", "setter", "alice", "bob", "carol")
CANDIDATE = "0x" + "11" * 20


@dataclass
class Organisation:
    """Contracts by name behind `chain`, people by role, time to skip, and one oracle that acts for the prompter."""

    node: DevNode
    rpc: Rpc
    chain: Web3Chain
    deployment: Deployment
    people: dict[str, LocalSigner]
    model_id: bytes
    first_block: int
    ctx: Context
    model: FakeModel
    seen: list[Step] = field(default_factory=list)

    def read(self, contract: str, function: str, *args: object) -> object:
        return self.chain.read(contract, function, *args)

    def send(self, who: str, contract: str, function: str, *args: object) -> Receipt:
        return self.chain.send(Call(contract, function, args), self.people[who])

    def address(self, who: str) -> str:
        return self.people[who].address

    def tokens(self, who: str) -> int:
        return int(self.chain.read("BToken", "balanceOf", self.address(who)))

    def parameter(self, contract: str, name: str) -> int:
        return int(self.chain.read(contract, "parameter", name.encode().ljust(32, b"\0")))

    def buy(self, who: str, amount: int) -> None:
        """Buys tokens on the curve with as much fresh reserve as it takes."""
        cost = int(self.chain.read("BToken", "costToMint", amount))
        self.send(who, "ReserveToken", "mint", self.address(who), cost)
        self.send(who, "ReserveToken", "approve", self.chain.address("BToken"), cost)
        self.send(who, "BToken", "permissionlessMint", amount, cost, 2**40)

    def stand_by(self, who: str, amount: int) -> None:
        """Deposits collateral."""
        self.send(who, "BToken", "approve", self.chain.address("PromptUpdate"), amount)
        self.send(who, "PromptUpdate", "depositCollateral", amount)

    def to_commit_phase(self) -> int:
        """Skips to the beginning of the next whole commit phase; returns its epoch."""
        epoch = int(self.chain.read("PromptUpdate", "currentEpoch")) + 2
        self.node.time.skip_to(self.windows(epoch).commitStart)
        return epoch

    def windows(self, epoch: int):  # type: ignore[no-untyped-def]
        return self.chain.read("PromptUpdate", "windowsOf", epoch)

    def bid(self, who: str, epoch: int, amount: int, prompt: object, *, deposit: int | None = None) -> SealedBid:
        """Seals a bid with a fixed salt, keeps it and its prompt in the oracle's ledger, and commits it."""
        held = amount if deposit is None else deposit
        opening = Opening(amount, self.model_id, prompt_hash(prompt), keccak(text=who))  # type: ignore[arg-type]
        account = self.address(who)
        commitment = bid_commitment(self.chain.chain_id, self.chain.address("PromptUpdate"), epoch, account, opening)
        bid = SealedBid(epoch, account, amount, held, self.model_id, opening.prompt_hash, opening.salt, commitment)
        self.ctx.ledger.save_prompt(opening.prompt_hash, encode(prompt))  # type: ignore[arg-type]
        self.ctx.ledger.save_bid(bid)
        self.send(who, "BToken", "approve", self.chain.address("PromptUpdate"), held)
        self.send(who, "PromptUpdate", "commitBid", epoch, commitment, held)
        return bid

    def run(self) -> list[Step]:
        """One walk of the oracle over all that is due."""
        return run_due(self.ctx)


def found(node: DevNode, folder: Path) -> Organisation:
    """Deploys with the local profile and gives everybody tokens and votes that have aged, the setter collateral."""
    rpc, clock = Rpc(node.url), SystemClock()
    people = {role: from_mnemonic(i, node.chain_id) for i, role in enumerate(ROLES)}
    model = _model(people["setter"].address)
    addresses, first_block = _deploy(rpc, people, model)
    chain = Web3Chain(rpc, node.chain_id, addresses, clock, patience=20)
    fake = FakeModel()
    seen: list[Step] = []
    deployment = Deployment(node.chain_id, addresses, 6)
    ctx = Context(
        chain=chain,
        deployment=deployment,
        ledger=SqlLedger(Database(folder / "ledger.sqlite"), "test"),
        store=FolderStore(folder / "store"),
        signer=people["prompter"],
        clock=clock,
        open_model=lambda *_: fake,
        first_block=first_block,
        report=seen.append,
    )
    made = Organisation(node, rpc, chain, deployment, people, bytes.fromhex(model.id[2:]), first_block, ctx, fake, seen)
    _populate(made)
    return made


def _populate(made: Organisation) -> None:
    for who, amount in {"prompter": 200, "rival": 100, "setter": 100, "alice": 300, "bob": 200, "carol": 100}.items():
        made.buy(who, amount * TOKEN)
        made.send(who, "BToken", "delegate", made.address(who))
    bond = made.parameter("PromptUpdate", "proposalBond")
    made.send("prompter", "ReserveToken", "mint", made.address("prompter"), 3 * bond)
    # Mint caps and fast budgets count from the supply of one window ago: let the window pass.
    made.node.time.skip(made.parameter("BToken", "minterWindow") + 60)
    for who, amount in {"prompter": 20, "rival": 20, "setter": 80}.items():
        made.stand_by(who, amount * TOKEN)


def _model(setter: str) -> GenesisModel:
    digests = ["0x" + keccak(text=part).hex() for part in ("weights", "tokenizer", "engine")]
    commitment = (*(bytes.fromhex(digest[2:]) for digest in digests), "fake")
    packed = abi_encode(["address", "bytes32", "bytes32", "bytes32", "string"], [setter, *commitment])
    return GenesisModel(
        name="fake",
        id="0x" + keccak(packed).hex(),
        setter=setter,
        weights_root=digests[0],
        tokenizer_hash=digests[1],
        engine_hash=digests[2],
        uri="fake",
    )


def _deploy(rpc: Rpc, people: dict[str, LocalSigner], model: GenesisModel) -> tuple[dict[str, str], int]:
    """The plan of the deploy script, sent without Brownie."""
    deployer = people["deployer"].address
    first_block = int(rpc.request("eth_blockNumber"), 16) + 1
    genesis = plan.Genesis(
        verifiers=(people["alice"].address, people["bob"].address, people["carol"].address),
        threshold=2,
        models=(model,),
        templates=(plan.Rule("0x" + template_id().hex(), "template"),),
        samplers=(plan.Rule("0x" + sampler_id(Sampler()).hex(), "sampler"),),
    )
    profile = profiles.load("local", 6)
    nonce = int(rpc.request("eth_getTransactionCount", deployer, "latest"), 16)
    addresses = plan.predict(deployer, nonce, None)
    named = plan.arguments(profile, addresses, genesis)
    send = _sender(rpc, deployer)
    send(None, creation_code("MockUSDC"))
    mock = codec.of("MockUSDC")
    amount = int(profile.values["BToken"]["initialReserve"])
    send(addresses["ReserveToken"], mock.encode_call("mint", (deployer, amount)))
    send(addresses["ReserveToken"], mock.encode_call("approve", (addresses["BToken"], amount)))
    for name in plan.CONTRACTS:
        arguments = [_binary(value) for value in plan.encode(name, codec.abis.load(name), named[name])]
        send(None, creation_code(name) + codec.of(name).encode_constructor(arguments))
    return addresses, first_block


def _binary(value: Any) -> Any:
    """32-byte hashes as bytes: the plan writes them in hex, as Brownie takes them."""
    if isinstance(value, list | tuple):
        return type(value)(_binary(item) for item in value)
    return bytes.fromhex(value[2:]) if isinstance(value, str) and len(value) == 66 else value


def _sender(rpc: Rpc, deployer: str) -> Callable[[str | None, bytes], None]:
    def send(to: str | None, data: bytes) -> None:
        request = {"from": deployer, "data": "0x" + data.hex(), "gas": hex(12_000_000)}
        tx_hash = rpc.request("eth_sendTransaction", request | ({"to": to} if to else {}))
        while (receipt := rpc.request("eth_getTransactionReceipt", tx_hash)) is None:
            continue
        if receipt["status"] != "0x1":
            rpc.request("eth_call", request, "latest")  # tells why

    return send
