"""The cheap half of a check: what follows from a data file and the chain alone, compared with what was claimed.

Each function yields the failures of one ground in order; who wants the first one stops there.
"""

from collections.abc import Iterator
from hashlib import sha256

from eth_hash.auto import keccak

from oracle.domain.action import Deployment
from oracle.domain.dispute import Ground
from oracle.domain.verdict import Failure
from oracle.mechanism import canonical
from oracle.mechanism.actions import payload_document, sampler_id
from oracle.mechanism.data_file import DataFile
from oracle.mechanism.generation import Posting
from oracle.mechanism.median import Outcome
from oracle.mechanism.model_id import model_id
from oracle.mechanism.prompt_rules import encode, prompt_hash
from oracle.mechanism.verdict import scalar
from oracle.verification.posted import Posted


def weights(file: DataFile, posted: Posted) -> Iterator[Failure]:
    """The file's model is the one that the bid named before the auction."""
    yield from _differs(Ground.WEIGHTS, "model id", posted.model_id, model_id(file.slot.model))


def bound_prompt(file: DataFile, posted: Posted) -> Iterator[Failure]:
    """The file's prompt is the one that the bid bound, and the generation names its template and its sampler."""
    if encode(file.prompt) != posted.prompt:
        yield Failure(Ground.PROMPT, "prompt hash", scalar(keccak(posted.prompt)), scalar(prompt_hash(file.prompt)))
    made = posted.generation
    yield from _differs(Ground.PROMPT, "template id", file.prompt.template_id, "0x" + made.template_id.hex())
    yield from _differs(Ground.PROMPT, "sampler id", file.prompt.sampler_id, "0x" + made.sampler_id.hex())


def own_prompt(file: DataFile) -> Iterator[Failure]:
    """The prompt is of the file's chain and names the sampler of its samples."""
    yield from _differs(Ground.PROMPT, "chain id", file.slot.chain_id, file.prompt.chain_id)
    yield from _differs(
        Ground.PROMPT, "sampler id", sampler_id(file.sampler), bytes.fromhex(file.prompt.sampler_id[2:])
    )


def selection(file: DataFile, made: Posting, posted: Posted | None) -> Iterator[Failure]:
    """Every text means the payload that is claimed for it, and the median of the valid ones is the pick."""
    for index, (sample, claimed) in enumerate(zip(made.samples, file.payloads, strict=True)):
        meant = payload_document(sample.payload) if sample.payload else None
        if canonical.dumps(meant) != canonical.dumps(claimed):  # to Python, 1 is True
            yield Failure(Ground.SELECTION, "payload", scalar(meant), scalar(claimed), sample=index)
    chosen, generation = made.selection, made.generation
    yield from _differs(Ground.SELECTION, "count of valid samples", chosen.valid, file.valid)
    for what, claim in (("pick", file.pick), ("gamma_bps", file.gamma_bps), ("dispersion_bps", file.dispersion_bps)):
        yield from _differs(Ground.SELECTION, what, getattr(generation, what), claim)
    if posted is not None:
        for what in ("pick", "gamma_bps", "dispersion_bps"):
            yield from _differs(
                Ground.SELECTION, f"posted {what}", getattr(generation, what), getattr(posted.generation, what)
            )
        yield from _differs(Ground.SELECTION, "outcome", str(chosen.outcome), str(Outcome.PROPOSE))


def contracts(file: DataFile, deployment: Deployment) -> Iterator[Failure]:
    """The contracts that the file names are the organisation's."""
    for name, address in file.deployment.addresses.items():
        yield from _differs(Ground.ACTIONS, f"address of {name}", deployment.addresses[name], address)
    own, said = deployment.reserve_decimals, file.deployment.reserve_decimals
    yield from _differs(Ground.ACTIONS, "reserve decimals", own, said)


def actions(file: DataFile, made: Posting, posted: Posted | None) -> Iterator[Failure]:
    """The calls in the file, and those of the proposal, are what the pick compiles to."""
    claims = [("", file.actions)] + ([("posted ", posted.actions)] if posted is not None else [])
    for whose, claimed in claims:
        for part in ("targets", "values", "calldatas"):
            own, said = getattr(made.actions, part), getattr(claimed, part)
            yield from _differs(Ground.ACTIONS, f"{whose}number of {part}", len(own), len(said))
            for place, (right, found) in enumerate(zip(own, said, strict=False)):
                yield from _differs(Ground.ACTIONS, f"{whose}{part[:-1]} {place}", right, found)


def samples(file: DataFile, made: Posting, posted: Posted, chain_id: int) -> Iterator[Failure]:
    """The samples are of this slot and its seed, and the posted root is that of their tree."""
    slot = file.slot
    yield from _differs(Ground.SAMPLES, "chain id", chain_id, slot.chain_id)
    yield from _differs(Ground.SAMPLES, "epoch", posted.epoch, slot.epoch)
    yield from _differs(Ground.SAMPLES, "winner", posted.winner, slot.winner)
    yield from of_seed(file, posted.seed)
    yield from _differs(Ground.SAMPLES, "samples root", made.generation.samples_root, posted.generation.samples_root)


def of_seed(file: DataFile, seed: bytes) -> Iterator[Failure]:
    """The samples are of this seed."""
    yield from _differs(Ground.SAMPLES, "seed", seed, file.slot.seed)


def bytes_of(made: Posting, data: bytes) -> Iterator[Failure]:
    """Nothing else is in the file: it is the very bytes that an honest poster would have written."""
    yield from _differs(Ground.SAMPLES, "data", made.generation.data_digest, sha256(data).digest())


def _differs(ground: Ground, what: str, expected: object, got: object) -> Iterator[Failure]:
    if expected != got:
        yield Failure(ground, what, scalar(expected), scalar(got))
