"""The rule as an engine outside is told it: one JSON string per sample, and how its answers are read.

An engine that runs our logits processor gets these orders with each request (`extra_args` of vLLM) and returns token
ids; in a check also, for each place, the token that the rule draws there and how far the claimed one lies below it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from oracle.domain.errors import Unreachable
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import END, MARGIN_BITS, SampleCheck, TokenMismatch, tolerates
from oracle.mechanism.noise import NOISE_VERSION
from oracle.model.grammar import GRAMMAR_VERSION, Cursor, Grammar
from oracle.model.text import ModelText

ARGUMENT = "gengov"
"""Name of the request's argument that carries an order."""

CANARY_TOKENS = 8
CANARY_INDEX = {"F": 0, "B": 1}
"""The noise index of a canary tells the numeric class of the engine: it computes in fp32, or in 16 bits."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the processor does with one request.

    It draws each token by the rule, but takes those of `forced` first. A `canary` follows the noise alone, whatever
    the model says: it shows that the processor is there.
    """

    seed: str
    index: int
    schema: str = ""
    temperature_milli: int = 1000
    max_tokens: int = CANARY_TOKENS
    forced: tuple[int, ...] = ()
    canary: bool = False
    noise: str = NOISE_VERSION
    grammar: str = GRAMMAR_VERSION

    def dumps(self) -> str:
        """The order as a request carries it."""
        return json.dumps(asdict(self), separators=(",", ":"))


_ORDERS = TypeAdapter(Order)


def loads(text: object) -> Order:
    """Reads an order on the engine's side; ValueError (which the engine answers with) says what is wrong with it."""
    try:
        if not isinstance(text, str):
            raise ValueError("not a string")
        order = _ORDERS.validate_json(text, strict=True)
        if len(bytes.fromhex(order.seed)) != 32 or not 0 <= order.index < 1 << 32:
            raise ValueError("it needs a seed of 32 bytes and an index")
        if order.temperature_milli < 1 or order.max_tokens < 1:
            raise ValueError("temperature and max_tokens are at least 1")
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{ARGUMENT}: not an order of this version of gengov: {reason}") from None
    for what, bound, own in (("noise", order.noise, NOISE_VERSION), ("grammar", order.grammar, GRAMMAR_VERSION)):
        if bound != own:
            raise ValueError(f"{ARGUMENT}: the request is bound to {what} {bound}, this engine has {own}")
    return order


def draw_order(schema: dict[str, object], seed: bytes, index: int, sampler: Sampler) -> Order:
    """The order for one sample."""
    return Order(seed.hex(), index, json.dumps(schema), sampler.temperature_milli, sampler.max_tokens)


def finish(text: ModelText, grammar: Grammar, index: int, tokens: Sequence[int], sampler: Sampler) -> RawSample:
    """The sample in an engine's token ids, without what ended it. Unreachable if the rule cannot have drawn them."""
    cursor, kept = grammar.start(), list[int]()
    for token in tokens:
        if cursor.finished or len(kept) == sampler.max_tokens:
            break
        if not _allowed(grammar, cursor, token, text.vocab_size):
            raise _wrong(index, f"token {token} at place {len(kept)}, which the grammar forbids")
        cursor.advance(token)
        kept.append(token)
    if len(tokens) > len(kept) + 1 or (not cursor.finished and len(kept) < sampler.max_tokens):
        raise _wrong(index, f"{len(tokens)} tokens, of which the answer has {len(kept)}")
    return RawSample(index, tuple(kept), text.text(kept), cursor.finished)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed sample as far as the grammar alone can tell: only its first `prefix` tokens can have been drawn.

    `following` is what it has behind them, END for nothing. `broken` tells that something else must have been drawn
    there: the rule's token is asked of the engine too. `finished` tells whether the prefix is a complete answer.
    """

    index: int
    tokens: tuple[int, ...]
    prefix: int
    broken: bool
    finished: bool

    @property
    def following(self) -> int:
        """The token behind the prefix, or END."""
        return self.tokens[self.prefix] if self.prefix < len(self.tokens) else END

    @property
    def places(self) -> int:
        """How many tokens the engine has to judge."""
        return self.prefix + self.broken

    def order(self, schema: dict[str, object], seed: bytes, sampler: Sampler) -> Order:
        """The order by which an engine judges it."""
        text, forced = json.dumps(schema), self.tokens[: self.prefix]
        return Order(seed.hex(), self.index, text, sampler.temperature_milli, self.places, forced)


def claim(text: ModelText, grammar: Grammar, sample: RawSample, sampler: Sampler) -> Claim:
    """Walks a sample through the grammar, up to the first token that cannot have been drawn."""
    cursor, prefix = grammar.start(), 0
    for token in sample.token_ids:
        over = cursor.finished or prefix == sampler.max_tokens
        if over or not _allowed(grammar, cursor, token, text.vocab_size):
            break
        cursor.advance(token)
        prefix += 1
    broken = not cursor.finished and prefix < sampler.max_tokens
    return Claim(sample.index, sample.token_ids, prefix, broken, cursor.finished)


Report = tuple[int, int]
"""What the rule draws at a place, and how far the forced token lies below it, in units of 2^-20."""


def judge(text: ModelText, claim: Claim, reports: Sequence[Report], sampler: Sampler) -> SampleCheck:
    """What a check found, from the engine's report on each place of a claim."""
    if len(reports) != claim.places:
        raise _wrong(claim.index, f"reports on {len(reports)} of {claim.places} tokens")
    mismatches, worst = [], 0
    for place, (expected, margin) in enumerate(reports[: claim.prefix]):
        worst = max(worst, margin)
        if not tolerates(sampler, margin, chosen=claim.tokens[place] == expected):
            mismatches.append(TokenMismatch(place, expected, claim.tokens[place], margin))
    if claim.broken or claim.following != END:
        expected = reports[claim.prefix][0] if claim.broken else END
        mismatches.append(TokenMismatch(claim.prefix, expected, claim.following, None))
    compared = claim.prefix + (claim.broken and claim.following != END)
    return SampleCheck(
        claim.index, tuple(mismatches), compared, worst, text.text(claim.tokens[:compared]), claim.finished
    )


CHOSEN = 1.0
"""Value that the processor gives the token to be taken; the rule's own token, if another, has minus its margin."""

_ABSENT = -9000.0
"""Below this a value stands for minus infinity, which JSON lacks."""


def margin_value(margin: int) -> float:
    """The value of the rule's own token: exact in fp32 for margins below 16, of which any tolerance is far below."""
    return -margin / (1 << MARGIN_BITS)


def report(index: int, token: int, values: Mapping[int, float]) -> Report:
    """Reads the values that an engine returns beside a forced token: its own, and that of the rule's token."""
    others = [(other, value) for other, value in values.items() if other != token and value > _ABSENT]
    if values.get(token) != CHOSEN or len(others) > 1 or any(value > 0 for _, value in others):
        raise _wrong(index, f"values {dict(values)} beside token {token}")
    if not others:
        return token, 0
    return others[0][0], round(-others[0][1] * (1 << MARGIN_BITS))


def _allowed(grammar: Grammar, cursor: Cursor, token: int, vocab: int) -> bool:
    return 0 <= token < vocab and bool(grammar.masks([cursor])[0, token])


def _wrong(index: int, what: str) -> Unreachable:
    return Unreachable(
        f"sample {index}: the engine returned {what}",
        hint="it does not follow the rule: is it the pinned version, with gengov's processor?",
    )
