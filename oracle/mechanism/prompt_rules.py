"""The rules of a prompt: read it, find every violation at once, write its canonical bytes and the model's text."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from eth_utils.address import is_checksum_address, is_hex_address, to_checksum_address
from eth_utils.crypto import keccak
from pydantic import ValidationError

from oracle.domain.errors import BadInput
from oracle.domain.prompt import Prompt
from oracle.mechanism import canonical
from oracle.mechanism.prompt_document import PromptDocument, shape_errors
from oracle.mechanism.rendering import render
from oracle.mechanism.template import template, template_id

__all__ = ["Violation", "encode", "lint", "parse_prompt", "prompt_hash", "read_prompt", "render"]


_TOLD = 20
"""Most violations in one refusal."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: which field, what is wrong with it, how to mend it."""

    field: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem} ({self.mend})"


def parse_prompt(data: bytes) -> Prompt:
    """The prompt in canonical bytes, as bound by a bid. BadInput names every violation, or the wrong form."""
    _check_size(len(data))
    return _prompt(canonical.loads_canonical(data, name="prompt"))


def read_prompt(data: bytes) -> Prompt:
    """The prompt in any JSON text (spaces and key order free), for people who write one. BadInput as above."""
    prompt = _prompt(canonical.loads(data, name="prompt"))
    _check_size(len(encode(prompt)))
    return prompt


def lint(document: object) -> list[Violation]:
    """Every rule a decoded document breaks: shape and bounds first, and if they hold the rules between fields."""
    try:
        prompt = PromptDocument.model_validate(_tuples(document)).prompt()
    except ValidationError as error:
        return [Violation(*found) for found in shape_errors(error)]
    return check(prompt)


def check(prompt: Prompt) -> list[Violation]:
    """Every rule between fields that a prompt of the right shape breaks."""
    return [violation for rule in _RULES for violation in rule(prompt)]


def encode(prompt: Prompt) -> bytes:
    """Canonical bytes of the document."""
    return canonical.dumps(asdict(prompt))


def prompt_hash(prompt: Prompt) -> bytes:
    """keccak256 of the canonical bytes (32 bytes): what a sealed bid binds."""
    return keccak(encode(prompt))


def _prompt(document: canonical.Json) -> Prompt:
    found = lint(document)
    if found:
        lines = "".join(f"\n  - {violation}" for violation in found[:_TOLD])
        lines += f"\n  - and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        rules = "rule" if len(found) == 1 else "rules"
        raise BadInput(
            f"the prompt breaks {len(found)} {rules} of {template_name()}:{lines}", hint="Mend the fields named."
        )
    return PromptDocument.model_validate(_tuples(document)).prompt()


def template_name() -> str:
    """The template's name, for messages."""
    return str(template().definition["name"])


def _check_size(size: int) -> None:
    limit = template().limits["document_bytes"]
    if size > limit:
        raise BadInput(f"the prompt has {size} bytes", hint=f"At most {limit}: shorten the advice or the lists.")


def _tuples(value: object) -> object:
    # Strict validation wants tuples, JSON gives lists.
    if isinstance(value, dict):
        return {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
    return value


def _names(prompt: Prompt) -> Iterator[Violation]:
    known = "0x" + template_id().hex()
    if prompt.template_id != known:
        yield Violation("template_id", f"is not the id of {template_name()}", f"Use {known}.")
    words = [
        ("objective", prompt.objective, template().objectives),
        ("funding.source", prompt.funding.source, template().sources),
    ]
    for index, parameter in enumerate(prompt.parameters):
        words.append((f"parameters[{index}].contract", parameter.contract, template().contracts))
    for index, past in enumerate(prompt.history):
        words.append((f"history[{index}].action", past.action, template().actions))
        words.append((f"history[{index}].result", past.result, template().results))
    for field, word, allowed in words:
        if word not in allowed:
            yield Violation(field, f"{word!r} is not known", f"Use one of {', '.join(sorted(allowed))}.")


def _ids(prompt: Prompt) -> Iterator[Violation]:
    lists = {
        "candidates": [candidate.id for candidate in prompt.candidates],
        "parameters": [parameter.id for parameter in prompt.parameters],
        "models": [model.id for model in prompt.models],
    }
    for name, ids in lists.items():
        for index, found in enumerate(ids):
            wanted = template().ids[name][index]
            if found != wanted:
                yield Violation(f"{name}[{index}].id", f"{found!r} is out of order", f"Use {wanted}.")


def _addresses(prompt: Prompt) -> Iterator[Violation]:
    for index, candidate in enumerate(prompt.candidates):
        field = f"candidates[{index}].address"
        if not is_hex_address(candidate.address) or not candidate.address.startswith("0x"):
            yield Violation(field, f"{candidate.address!r} is not an address", "Write 0x and 40 hexadecimal digits.")
        elif not is_checksum_address(candidate.address):
            yield Violation(field, "is not checksummed", f"Write {to_checksum_address(candidate.address)}.")
        elif int(candidate.address, 16) == 0:
            yield Violation(field, "is the zero address", "Name who is to be paid.")


def _twins(prompt: Prompt) -> Iterator[Violation]:
    lists: list[tuple[str, str, Iterable[str]]] = [
        ("candidates", "address", (candidate.address.lower() for candidate in prompt.candidates)),
        ("parameters", "name", (f"{parameter.contract}.{parameter.name}" for parameter in prompt.parameters)),
        ("models", "model_id", (model.model_id for model in prompt.models)),
    ]
    for name, field, values in lists:
        for value, count in Counter(values).items():
            if count > 1:
                yield Violation(f"{name}[].{field}", f"{value} appears {count} times", "List it once.")


def _figures(prompt: Prompt) -> Iterator[Violation]:
    funding = prompt.funding
    if funding.budget > funding.available:
        yield Violation("funding.budget", f"{funding.budget} is more than there is", f"At most {funding.available}.")
    for index, item in enumerate(prompt.parameters):
        if not item.minimum <= item.value <= item.maximum:
            mend = f"Use {item.minimum} to {item.maximum}, or read the bounds again."
            yield Violation(f"parameters[{index}].value", f"{item.value} is out of its bounds", mend)
    if sum(model.current for model in prompt.models) > 1:
        yield Violation("models", "more than one is current", "Mark the constitutional model only.")
    epochs = [past.epoch for past in prompt.history]
    if epochs != sorted(set(epochs)):
        yield Violation("history", "epochs do not rise", "List past proposals once each, oldest first.")


def _subject(prompt: Prompt) -> Iterator[Violation]:
    if prompt.objective == "upkeep" and not prompt.parameters:
        yield Violation("parameters", "the objective upkeep has no setting to look after", "List at least one.")
    if prompt.objective == "model" and all(model.current for model in prompt.models):
        yield Violation("models", "the objective model has none to adopt", "List one that is not current.")
    if prompt.objective in ("results", "thrift", "breadth") and not prompt.candidates:
        yield Violation("candidates", f"the objective {prompt.objective} has nobody to fund", "List at least one.")


_RULES: tuple[Callable[[Prompt], Iterator[Violation]], ...] = (_names, _ids, _addresses, _twins, _figures, _subject)
