"""What every engine asks of a request before it runs one: seed, indices, sampler, tokenizer."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from oracle.domain.errors import BadInput, Refused
from oracle.domain.sampler import Sampler
from oracle.mechanism.noise import NOISE_VERSION
from oracle.model.grammar import GRAMMAR_VERSION

CHECKABLE = {"E": "EFB", "F": "FB", "B": "B", "N": ""}
"""Numeric class of an engine -> classes of samplers that it can check: equality needs the same integers."""


def read_tokenizer(path: Path, vocab_size: int) -> Tokenizer:
    """The tokenizer in a file; BadInput if it is missing, malformed, or has ids beyond the vocabulary."""
    if not path.is_file():
        raise BadInput(f"{path}: missing", hint="A model folder holds config.json, tokenizer.json and weights.")
    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception for a malformed file
        raise BadInput(f"{path}: not a readable tokenizer: {error}", hint="Fetch the file again.") from None
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    if not 0 <= highest < vocab_size:
        raise BadInput(
            f"{path}: token ids up to {highest}, but config.json has vocab_size {vocab_size}",
            hint="Tokenizer and config.json must come from the same model.",
        )
    return tokenizer


def check_request(seed: bytes, indices: Sequence[int], sampler: Sampler) -> None:
    """BadInput for a malformed seed, index or sampler; Refused for a sampler bound to another noise or grammar."""
    if len(seed) != 32:
        raise BadInput(f"seed of {len(seed)} bytes", hint="The seed is the 32 bytes that `fixSeed` stored on chain.")
    if not indices or min(indices) < 0 or max(indices) >= 1 << 32 or len(set(indices)) != len(indices):
        raise BadInput(f"sample indices {list(indices)[:5]}", hint="Give at least one index, each once, from 0 up.")
    if sampler.max_tokens < 1 or sampler.temperature_milli < 1:
        raise BadInput(
            f"sampler with {sampler.max_tokens} tokens at temperature {sampler.temperature_milli}/1000",
            hint="Both are at least 1.",
        )
    for what, bound, own in (("noise", sampler.noise, NOISE_VERSION), ("grammar", sampler.grammar, GRAMMAR_VERSION)):
        if bound != own:
            raise Refused(
                f"the sampler is bound to {what} {bound}, this machine has {own}",
                hint="Install the version that the sampler names; another one may draw other tokens.",
            )


def check_class(name: str, own: str, sampler: Sampler) -> None:
    """Refused if an engine of numeric class `own` cannot check answers of the sampler's class."""
    if sampler.numeric_class not in CHECKABLE[own]:
        raise Refused(
            f"the sampler is of numeric class {sampler.numeric_class}, which {name} (class {own}) cannot check",
            hint="Class E is checked by the exact engine, classes F and B by any; class N is not verifiable.",
        )
