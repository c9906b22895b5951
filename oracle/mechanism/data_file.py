"""The data file of a slot: everything needed to check its proposal, as one canonical JSON document.

Its sha256 is the digest on chain. The reader believes nothing: whatever is missing, extra, of another type or out of
range is refused with its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NoReturn, get_type_hints

from eth_utils.address import is_checksum_address

from oracle.domain.action import Actions
from oracle.domain.errors import BadInput
from oracle.domain.prompt import Prompt
from oracle.domain.sample import RawSample, Sample
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.mechanism import canonical
from oracle.mechanism.actions import payload_document
from oracle.mechanism.canonical import Json
from oracle.mechanism.prompt_rules import parse_prompt

VERSION = 1
MAX_SAMPLES = 128
MAX_UINT = (1 << 256) - 1

_KEYS = (
    *("version", "chain_id", "prompt_update", "epoch", "winner", "model_id", "seed", "block", "prompt", "sampler"),
    *("samples", "pick", "gamma_bps", "dispersion_bps", "valid", "actions"),
)


@dataclass(frozen=True, slots=True)
class DataFile:
    """What a data file says; `payloads` are the claimed answers (None where a text is none)."""

    slot: SlotContext
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
            "prompt_update": slot.prompt_update,
            "epoch": slot.epoch,
            "winner": slot.winner,
            "model_id": _hex(slot.model_id),
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
    top = _Place(canonical.loads_canonical(data, name=name), name)
    top.only(_KEYS)
    if top["version"].number(MAX_UINT) != VERSION:
        raise BadInput(f"{name}.version: only version {VERSION} is known", hint="Use the tool that wrote the file.")
    samples = top["samples"].items(MAX_SAMPLES)
    sampler = _read_sampler(top["sampler"])
    if len(samples) != sampler.n:
        raise BadInput(f"{name}.samples: {len(samples)} samples, the sampler says {sampler.n}")
    return DataFile(
        slot=SlotContext(
            chain_id=top["chain_id"].number(MAX_UINT),
            prompt_update=top["prompt_update"].address(),
            epoch=top["epoch"].number(MAX_UINT),
            winner=top["winner"].address(),
            model_id=top["model_id"].hexadecimal(32),
            seed=top["seed"].hexadecimal(32),
        ),
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


def _read_sample(place: "_Place", index: int) -> RawSample:
    place.only(("index", "tokens", "text", "finished", "payload"))
    if place["index"].number(MAX_SAMPLES) != index:
        raise BadInput(f"{place['index'].where}: {place['index'].value}, not {index}", hint="Samples come in order.")
    tokens = tuple(token.number((1 << 32) - 1) for token in place["tokens"].items(1 << 16))
    return RawSample(index, tokens, place["text"].text(), place["finished"].boolean())


def _read_prompt(top: "_Place") -> Prompt:
    prompt = parse_prompt(canonical.dumps(top["prompt"].mapping()))
    if top["block"].number(MAX_UINT) != prompt.block:
        raise BadInput(f"{top['block'].where}: {top['block'].value}, the prompt says {prompt.block}")
    return prompt


def _read_sampler(place: "_Place") -> Sampler:
    types = get_type_hints(Sampler)
    place.only([field.name for field in fields(Sampler)])
    values: dict[str, Any] = {
        name: place[name].number(MAX_UINT) if kind is int else place[name].text() for name, kind in types.items()
    }
    sampler = Sampler(**values)
    if not 1 <= sampler.n <= MAX_SAMPLES:
        raise BadInput(f"{place['n'].where}: {sampler.n} is not between 1 and {MAX_SAMPLES}")
    return sampler


def _read_actions(place: "_Place") -> Actions:
    place.only(("targets", "values", "calldatas"))
    targets = tuple(item.address() for item in place["targets"].items(10))
    values = tuple(item.number(MAX_UINT) for item in place["values"].items(10))
    calldatas = tuple(item.hexadecimal() for item in place["calldatas"].items(10))
    if not len(targets) == len(values) == len(calldatas):
        raise BadInput(f"{place.where}: {len(targets)} targets, {len(values)} values, {len(calldatas)} calldatas")
    return Actions(targets, values, calldatas)


@dataclass(frozen=True, slots=True)
class _Place:
    """A JSON value that knows where it stands; every method returns it as one type or raises BadInput."""

    value: Json
    where: str

    def __getitem__(self, key: str) -> "_Place":
        return _Place(self.mapping()[key], f"{self.where}.{key}")

    def only(self, keys: Sequence[str]) -> None:
        """Exactly these keys."""
        found = self.mapping()
        missing, extra = [key for key in keys if key not in found], sorted(set(found) - set(keys))
        if missing or extra:
            wrong = [f"{kind} {', '.join(names)}" for kind, names in (("lacks", missing), ("has", extra)) if names]
            raise BadInput(f"{self.where}: {' and '.join(wrong)}", hint=f"Its keys are {', '.join(keys)}.")

    def mapping(self) -> dict[str, Json]:
        """An object."""
        return self.value if isinstance(self.value, dict) else self._fail("an object")

    def mapping_or_none(self) -> dict[str, Json] | None:
        """An object or null."""
        return None if self.value is None else self.mapping()

    def items(self, most: int) -> list["_Place"]:
        """A list of at most `most` values."""
        if not isinstance(self.value, list) or len(self.value) > most:
            self._fail(f"a list of at most {most}")
        return [_Place(item, f"{self.where}[{index}]") for index, item in enumerate(self.value)]

    def number(self, most: int) -> int:
        """A whole number from 0 to `most`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not 0 <= self.value <= most:
            self._fail(f"a whole number from 0 to {most}")
        return self.value

    def text(self) -> str:
        """A string."""
        return self.value if isinstance(self.value, str) else self._fail("a string")

    def boolean(self) -> bool:
        """True or false."""
        return self.value if isinstance(self.value, bool) else self._fail("true or false")

    def hexadecimal(self, size: int | None = None) -> bytes:
        """0x and lower-case digits, of `size` bytes if given."""
        text = self.text()
        try:
            data = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            data = b""
        if text != _hex(data) or size not in (None, len(data)):
            self._fail("0x and hexadecimal digits" if size is None else f"0x and {2 * size} hexadecimal digits")
        return data

    def address(self) -> str:
        """A checksummed address."""
        return self.text() if is_checksum_address(self.text()) else self._fail("a checksummed address")

    def _fail(self, expected: str) -> NoReturn:
        shown = repr(self.value)
        raise BadInput(f"{self.where}: {shown if len(shown) <= 80 else shown[:77] + '...'} is not {expected}")
