"""Who and what a new organisation starts with: judges, the weight setter, the models and rules of this checkout."""

from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode
from web3 import Web3

from oracle.chain.deployments import GenesisModel
from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.template import TEMPLATE_FILE, template_id
from oracle.model.folder import MANIFEST_FILE
from oracle.model.manifest import Commitment, parse_manifest
from scripts.deployment.plan import Genesis, Rule
from scripts.deployment.session import LOCAL_CHAINS

LOCAL_VERIFIERS = 3


@dataclass(frozen=True)
class People:
    """The weight setter of the shipped models, and the committee that judges disputes."""

    setter: str
    verifiers: tuple[str, ...]
    threshold: int


def people(web3: Web3, deployer: str, setter: str | None, verifiers: list[str], threshold: int | None) -> People:
    """Check the addresses and fill in what was not said. On a development node the last accounts are the committee.

    Raises BadInput for a malformed address or threshold, Refused where a committee must be named.
    """
    for address in [setter or deployer, *verifiers]:
        if not Web3.is_checksum_address(address):
            raise BadInput(f"{address} is not a checksummed address")
    if not verifiers and web3.eth.chain_id in LOCAL_CHAINS:
        verifiers = [str(account) for account in web3.eth.accounts[-LOCAL_VERIFIERS:]]
    if not verifiers:
        raise Refused("no verifier is named, so nobody could judge a dispute", hint="--verifier ADDRESS, repeatedly")
    majority = len(verifiers) // 2 + 1
    needed = majority if threshold is None else threshold
    if not 1 <= needed <= len(verifiers):
        raise BadInput(f"--threshold {needed} is not within 1..{len(verifiers)}, the number of verifiers")
    return People(setter or deployer, tuple(verifiers), needed)


def shipped(root: Path, who: People) -> Genesis:
    """The template, the models and their samplers of the checkout at `root`; the models are set by `who.setter`.

    Raises BadInput for a malformed manifest.
    """
    found = [(path.parent, parse_manifest(path.read_bytes(), str(path))) for path in _manifests(root)]
    rules = {Web3.to_hex(sampler_id(manifest.sampler)): f"{folder.relative_to(root)}" for folder, manifest in found}
    rules = rules or {Web3.to_hex(sampler_id(Sampler())): "oracle/domain/sampler.py"}
    return Genesis(
        verifiers=who.verifiers,
        threshold=who.threshold,
        models=tuple(
            model(folder.name, manifest.commitment(f"models/{folder.name}"), who.setter) for folder, manifest in found
        ),
        templates=(Rule(Web3.to_hex(template_id()), f"oracle/mechanism/templates/{TEMPLATE_FILE}"),),
        samplers=tuple(Rule(id_, uri) for id_, uri in rules.items()),
    )


def model(name: str, commitment: Commitment, setter: str) -> GenesisModel:
    """What the registry will hold of a model, under the id that it will get there."""
    digests = (commitment.weights_root, commitment.tokenizer_hash, commitment.engine_hash)
    weights, tokenizer, engine = (Web3.to_hex(digest) for digest in digests)
    packed = encode(["address", "bytes32", "bytes32", "bytes32", "string"], [setter, *digests, commitment.uri])
    return GenesisModel(
        name=name,
        id=Web3.to_hex(Web3.keccak(packed)),
        setter=setter,
        weights_root=weights,
        tokenizer_hash=tokenizer,
        engine_hash=engine,
        uri=commitment.uri,
    )


def _manifests(root: Path) -> list[Path]:
    return sorted((root / "models").glob(f"*/{MANIFEST_FILE}"))
