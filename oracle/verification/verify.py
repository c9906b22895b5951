"""Verifies a proposal, or a data file alone. The order of the checks is part of the rule: the first failure counts.

1. data        the bytes can be had                                              (data-unavailable)
2. prompt      the bound bytes are a document that keeps the template's rules    (chain only)
3. samples     the bytes are a data file
4. weights     the file's model is the one that the bid named                    (chain only)
5. prompt      bound prompt, template, sampler; then every fact at its block     (chain only, but for the sampler)
6. selection   payload by payload, then valid, pick, gamma, dispersion, outcome
7. actions     contracts (chain only), then the calls in the file, then those posted
8. samples     chain, epoch, winner, seed, root of the tree                      (chain only)
9. prompt      its sampler is the one in the model's manifest                    (the model)
10. samples    by index: token by token, then the text, then its end             (the engine)
"""

from collections.abc import Callable, Iterator
from hashlib import sha256

from oracle.domain.committed_model import CommittedModel
from oracle.domain.dispute import Ground
from oracle.domain.errors import BadInput, OtherRules, Unreachable
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import CheckResult, Failure
from oracle.mechanism import data_file
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.data_file import DataFile
from oracle.mechanism.generation import Posting, build
from oracle.mechanism.prompt_rules import parse_prompt
from oracle.mechanism.verdict import scalar
from oracle.ports.model import ModelRunner, Progress
from oracle.verification import claims, facts
from oracle.verification.posted import OnChain, Posted, fetch, read_posted
from oracle.verification.tokens import CHECKABLE, check_tokens

CHAINLESS = "drawn without a chain: the seed was chosen, and nothing of it can be posted"
WITHOUT_CHAIN = (
    "that the chain drew this seed for this slot",
    "that the bid bound this prompt and these weights, and that its facts are the chain's",
    "that these contracts are the organisation's",
    "that this is what was posted",
)

OpenModel = Callable[[CommittedModel, Sampler], ModelRunner]
"""Opens an engine that checks answers drawn by these rules; called only when all that is cheap to check holds.

Raises OtherRules where the model's manifest commits to other rules: an approved rule of another model may bear more.
"""


def verify_file(
    data: bytes, open_model: OpenModel, *, seed: bytes | None = None, progress: Progress | None = None
) -> CheckResult:
    """Checks a data file with nothing but the model it names; `seed` is what it must have been drawn with, if known.

    Raises BadInput if the file is malformed or of a class that nobody can verify, and what `open_model` and the engine
    raise.
    """
    file = data_file.loads(data)
    _require_checkable(file)
    unchecked = (CHAINLESS,) if file.slot.chainless else (*WITHOUT_CHAIN, facts.UNCHECKED)
    return _judge(file, _derived(file, data, seed), open_model, unchecked, progress)


def verify_proposal(
    at: OnChain,
    proposal_id: int,
    open_model: OpenModel,
    *,
    data: bytes | None = None,
    progress: Progress | None = None,
) -> CheckResult:
    """Checks a posted proposal against everything the chain says; `data` spares the look in the store.

    Data that cannot be had is a result too, on its own ground. Raises Refused if no slot posted the proposal, BadInput
    if `data` is not what it names, Unreachable if the chain does not answer, and what `open_model` raises.
    """
    posted = read_posted(at, proposal_id)
    digest = posted.generation.data_digest
    if data is None:
        try:
            data = fetch(at, posted)
        except Unreachable as error:
            missing = Failure(Ground.DATA_UNAVAILABLE, "data", "0x" + digest.hex(), None, note=error.message)
            return CheckResult(missing)
    elif sha256(data).digest() != digest:
        raise BadInput(
            f"this is not the data of proposal {proposal_id}: its sha256 is 0x{sha256(data).hexdigest()}",
            hint=f"the proposal names 0x{digest.hex()}",
        )
    file = _read(data, posted)
    if isinstance(file, Failure):
        return CheckResult(file)
    _require_checkable(file)
    return _judge(file, _on_chain(file, data, posted, at), open_model, (facts.UNCHECKED,), progress)


def _read(data: bytes, posted: Posted) -> DataFile | Failure:
    """The data file; malformed, it shows no samples, unless the bound prompt is what is malformed in it."""
    try:
        parse_prompt(posted.prompt)
    except BadInput as error:
        return Failure(Ground.PROMPT, "prompt", "one that keeps the template's rules", "another", note=error.message)
    try:
        return data_file.loads(data)
    except BadInput as error:
        return Failure(Ground.SAMPLES, "data", "a data file", "something else", note=error.message)


def _require_checkable(file: DataFile) -> None:
    if file.sampler.numeric_class not in CHECKABLE:
        raise BadInput(
            f"samples of class {file.sampler.numeric_class!r} cannot be verified by anybody",
            hint=f"the classes that can be are {', '.join(CHECKABLE)}",
        )


def _derived(file: DataFile, data: bytes, seed: bytes | None) -> Iterator[Failure]:
    """What follows from the file itself."""
    yield from claims.own_prompt(file)
    made = _rebuild(file)
    yield from claims.selection(file, made, None)
    yield from claims.actions(file, made, None)
    if seed is not None:
        yield from claims.of_seed(file, seed)
    yield from claims.bytes_of(made, data)


def _on_chain(file: DataFile, data: bytes, posted: Posted, at: OnChain) -> Iterator[Failure]:
    """What follows from the file and the chain."""
    yield from claims.weights(file, posted)
    yield from claims.bound_prompt(file, posted)
    yield from claims.own_prompt(file)
    yield from facts.facts(file.prompt, file.sampler, at, posted.block)
    made = _rebuild(file)
    yield from claims.selection(file, made, posted)
    yield from claims.contracts(file, at.deployment)
    yield from claims.actions(file, made, posted)
    yield from claims.samples(file, made, posted, at.chain.chain_id)
    yield from claims.bytes_of(made, data)


def _rebuild(file: DataFile) -> Posting:
    """The posting of the file's own samples, by the poster's own function."""
    return build(file.slot, file.prompt, file.sampler, file.samples, file.deployment)


def _judge(
    file: DataFile,
    cheap: Iterator[Failure],
    open_model: OpenModel,
    unchecked: tuple[str, ...],
    progress: Progress | None,
) -> CheckResult:
    failure = next(cheap, None)
    if failure is not None:
        return CheckResult(failure, file.sampler.numeric_class, file.sampler.tau, unchecked=unchecked)
    try:
        runner = open_model(file.slot.model, file.sampler)
    except OtherRules as error:
        failure = Failure(Ground.PROMPT, "sampler id", scalar(error.committed), scalar(sampler_id(file.sampler)))
        return CheckResult(failure, file.sampler.numeric_class, file.sampler.tau, unchecked=unchecked)
    found = check_tokens(file, runner, progress)
    return CheckResult(
        failure=found.failure,
        numeric_class=file.sampler.numeric_class,
        tau=file.sampler.tau,
        engine=runner.name,
        samples=found.samples,
        tokens=found.tokens,
        worst_margin=found.worst_margin,
        unchecked=unchecked,
    )
