"""The data file of a slot: everything needed to check its proposal, as one canonical JSON document.

Its sha256 is the digest on chain. The reader believes nothing: whatever is missing, extra, of another type or out of
range is refused with its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

from oracle.domain.action import Actions, Deployment
from oracle.domain.committed_model import ZERO_ADDRESS, CommittedModel
from oracle.domain.errors import BadInput
from oracle.domain.prompt import Prompt
from oracle.domain.sample import RawSample, Sample
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.mechanism import canonical
from oracle.mechanism.actions import payload_document
from oracle.mechanism.canonical import Json
from oracle.mechanism.compile import CONTRACTS
from oracle.mechanism.place import MAX_UINT, Place
from oracle.mechanism.prompt_rules import parse_prompt
from oracle.mechanism.sample_tree import LEAVES

VERSION = 2
"""Version 1 named neither the weights nor the contracts."""
MAX_BYTES = 8 << 20
"""Largest file that is read; one that is to be posted must fit a store's document (1 MiB)."""
MAX_SAMPLES = 10_000
"""Most samples of a file without a chain; on a chain they are the leaves of its tree."""
MAX_TOKENS = 1 << 16
_MAX_DECIMALS = 36
_MAX_TEXT = 1 << 16
_SAMPLER_BOUNDS = {
    "n": (1, MAX_SAMPLES),
    "temperature_milli": (1, 100_000),
    "max_tokens": (1, MAX_TOKENS),
    "min_valid": (1, MAX_SAMPLES),
    "tau": (0, 1_000_000),
}
"""A sampler beyond these is a mistake, or is there to exhaust whoever checks it."""

_KEYS = (
    *("version", "chain_id", "contracts", "reserve_decimals", "epoch", "winner", "model", "seed", "block", "prompt"),
    *("sampler", "samples", "pick", "gamma_bps", "dispersion_bps", "valid", "actions"),
)


@dataclass(frozen=True, slots=True)
class DataFile:
    """What a data file says; `payloads` are the claimed answers (None where a text is none)."""

    slot: SlotContext
    deployment: Deployment
    prompt: Prompt
    sampler: Sampler
    samples: tuple[RawSample, ...]
    payloads: tuple[Mapping[str, Json] | None, ...]
    pick: int
    gamma_bps: int
    dispersion_bps: int
    valid: int
    actions: Actions


def dumps(
    slot: SlotContext,
    deployment: Deployment,
    prompt: Prompt,
    sampler: Sampler,
    samples: Sequence[Sample],
    actions: Actions,
    *,
    pick: int,
    gamma_bps: int,
    dispersion_bps: int,
) -> bytes:
    """Canonical bytes of a data file."""
    return canonical.dumps(
        {
            "version": VERSION,
            "chain_id": slot.chain_id,
            "contracts": {name: deployment.addresses[name] for name in CONTRACTS},
            "reserve_decimals": deployment.reserve_decimals,
            "epoch": slot.epoch,
            "winner": slot.winner,
            "model": _model(slot.model),
            "seed": _hex(slot.seed),
            "block": prompt.block,
            "prompt": asdict(prompt),
            "sampler": asdict(sampler),
            "samples": [_sample(sample) for sample in samples],
            "pick": pick,
            "gamma_bps": gamma_bps,
            "dispersion_bps": dispersion_bps,
            "valid": sum(sample.valid for sample in samples),
            "actions": {
                "targets": actions.targets,
                "values": actions.values,
                "calldatas": [_hex(calldata) for calldata in actions.calldatas],
            },
        }
    )


def loads(data: bytes, *, name: str = "data file") -> DataFile:
    """Reads a data file. Raises BadInput naming the place of whatever is malformed."""
    if len(data) > MAX_BYTES:
        raise BadInput(f"{name}: {len(data)} bytes", hint=f"At most {MAX_BYTES}.")
    top = Place(canonical.loads_canonical(data, name=name), name)
    top.only(_KEYS)
    if top["version"].number(MAX_UINT) != VERSION:
        raise BadInput(f"{name}.version: only version {VERSION} is known", hint="Use the tool that wrote the file.")
    samples = top["samples"].items(MAX_SAMPLES)
    sampler = _read_sampler(top["sampler"])
    if len(samples) != sampler.n:
        raise BadInput(f"{name}.samples: {len(samples)} samples, the sampler says {sampler.n}")
    deployment = _read_deployment(top)
    file = DataFile(
        slot=SlotContext(
            chain_id=deployment.chain_id,
            prompt_update=deployment.addresses["PromptUpdate"],
            epoch=top["epoch"].number(MAX_UINT),
            winner=top["winner"].address(),
            model=_read_model(top["model"]),
            seed=top["seed"].hexadecimal(32),
        ),
        deployment=deployment,
        prompt=_read_prompt(top),
        sampler=sampler,
        samples=tuple(_read_sample(sample, index) for index, sample in enumerate(samples)),
        payloads=tuple(sample["payload"].mapping_or_none() for sample in samples),
        pick=top["pick"].number(sampler.n - 1),
        gamma_bps=top["gamma_bps"].number(10_000),
        dispersion_bps=top["dispersion_bps"].number(10_000),
        valid=top["valid"].number(sampler.n),
        actions=_read_actions(top["actions"]),
    )
    _check_origin(file, name)
    return file


def _check_origin(file: DataFile, name: str) -> None:
    """A file is of a slot on a chain, or has no trace of one; anything between could be mistaken for either."""
    named = [file.slot.winner, file.slot.model.setter, *file.deployment.addresses.values()]
    if any((address == ZERO_ADDRESS) != file.slot.chainless for address in named):
        raise BadInput(
            f"{name}: epoch {file.slot.epoch} with {'an' if file.slot.chainless else 'no'} address of a chain",
            hint="Without a chain the epoch is 0 and every address zero; on a chain none is.",
        )
    if not file.slot.chainless and file.sampler.n > LEAVES:
        raise BadInput(f"{name}.sampler.n: {file.sampler.n} samples of a slot", hint=f"A slot has at most {LEAVES}.")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _sample(sample: Sample) -> dict[str, object]:
    return {
        "index": sample.index,
        "tokens": sample.token_ids,
        "text": sample.text,
        "finished": sample.finished,
        "payload": payload_document(sample.payload) if sample.payload else None,
    }


def _model(model: CommittedModel) -> dict[str, object]:
    """The registry's commitment, from which the model id follows."""
    return {name: _hex(value) if isinstance(value, bytes) else value for name, value in asdict(model).items()}


def _read_model(place: Place) -> CommittedModel:
    place.only([field.name for field in fields(CommittedModel)])
    return CommittedModel(
        setter=place["setter"].address(),
        weights_root=place["weights_root"].hexadecimal(32),
        tokenizer_hash=place["tokenizer_hash"].hexadecimal(32),
        engine_hash=place["engine_hash"].hexadecimal(32),
        uri=place["uri"].text(_MAX_TEXT),
    )


def _read_deployment(top: Place) -> Deployment:
    top["contracts"].only(CONTRACTS)
    return Deployment(
        chain_id=top["chain_id"].number(MAX_UINT, least=1),
        addresses={name: top["contracts"][name].address() for name in CONTRACTS},
        reserve_decimals=top["reserve_decimals"].number(_MAX_DECIMALS),
    )


def _read_sample(place: Place, index: int) -> RawSample:
    place.only(("index", "tokens", "text", "finished", "payload"))
    if place["index"].number(MAX_SAMPLES) != index:
        raise BadInput(f"{place['index'].where}: {place['index'].value}, not {index}", hint="Samples come in order.")
    tokens = tuple(token.number((1 << 32) - 1) for token in place["tokens"].items(MAX_TOKENS))
    return RawSample(index, tokens, place["text"].text(_MAX_TEXT), place["finished"].boolean())


def _read_prompt(top: Place) -> Prompt:
    prompt = parse_prompt(canonical.dumps(top["prompt"].mapping()))
    if top["block"].number(MAX_UINT) != prompt.block:
        raise BadInput(f"{top['block'].where}: {top['block'].value}, the prompt says {prompt.block}")
    return prompt


def _read_sampler(place: Place) -> Sampler:
    types = get_type_hints(Sampler)
    place.only([field.name for field in fields(Sampler)])
    values: dict[str, Any] = {}
    for name, kind in types.items():
        least, most = _SAMPLER_BOUNDS.get(name, (0, 0))
        values[name] = place[name].number(most, least=least) if kind is int else place[name].text(64)
    return Sampler(**values)


def _read_actions(place: Place) -> Actions:
    place.only(("targets", "values", "calldatas"))
    targets = tuple(item.address() for item in place["targets"].items(10))
    values = tuple(item.number(MAX_UINT) for item in place["values"].items(10))
    calldatas = tuple(item.hexadecimal() for item in place["calldatas"].items(10))
    if not len(targets) == len(values) == len(calldatas):
        raise BadInput(f"{place.where}: {len(targets)} targets, {len(values)} values, {len(calldatas)} calldatas")
    return Actions(targets, values, calldatas)
