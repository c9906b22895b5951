"""The order of a check and what it says: each lie told alone, two at once, and by engines of every class."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from eth_hash.auto import keccak

from oracle.domain.dispute import Ground
from oracle.domain.errors import BadInput, Refused, Reverted, Unreachable
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import CheckResult, Failure, SampleCheck, TokenMismatch
from oracle.mechanism import canonical, generation
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.prompt_rules import encode
from oracle.mechanism.verdict import evidence, evidence_hash, scalar, sentence
from oracle.prompts import state
from oracle.verification import OnChain, OpenModel, verify_file, verify_proposal
from tests.support.fake_chain import PROMPT_BLOCK, PROPOSAL, FakeChain, FakeStore, Posting, bound, posted
from tests.support.prompts import DEPLOYMENT, MODEL, SAMPLER, SLOT, address, raw_samples
from tests.support.way import REQUEST

PROMPT = state.build(FakeChain(DEPLOYMENT), DEPLOYMENT, REQUEST, block=PROMPT_BLOCK)  # type: ignore[arg-type]
RAW = raw_samples(PROMPT)
Checks = Callable[[RawSample], SampleCheck]


def agrees(sample: RawSample) -> SampleCheck:
    return SampleCheck(sample.index, (), len(sample.token_ids), 0, sample.text, sample.finished)


class FakeChecker:
    """A fake engine that finds what it is told to find."""

    name = "fake"

    def __init__(self, finds: Checks = agrees, error: Exception | None = None) -> None:
        self.finds, self.error, self.asked = finds, error, 0

    def check(
        self, prompt: str, schema: Any, seed: bytes, samples: Sequence[RawSample], *_: Any
    ) -> Iterator[SampleCheck]:
        if self.error:
            raise self.error
        for sample in samples:
            self.asked += 1
            yield self.finds(sample)


def opening(checker: FakeChecker) -> OpenModel:
    return lambda model, numeric_class: checker  # type: ignore[return-value]


def made(sampler: Sampler = SAMPLER, **slot: Any) -> Posting:
    """An honest posting of the samples, its slot changed."""
    prompt = replace(PROMPT, sampler_id="0x" + sampler_id(sampler).hex())
    built = generation.build(replace(SLOT, **slot), prompt, sampler, RAW, DEPLOYMENT)
    return Posting(built.generation, built.proof, built.actions, built.data)


def told(posting: Posting, *, checker: FakeChecker | None = None, at: OnChain | None = None) -> CheckResult:
    """The verdict on a posting in the slot of the tests."""
    where = at or posted(SLOT, encode(PROMPT), posting, DEPLOYMENT)
    return verify_proposal(where, PROPOSAL, opening(checker or FakeChecker()))


def failure(posting: Posting, **how: Any) -> Failure:
    found = told(posting, **how).failure
    assert found is not None
    return found


def rewritten(posting: Posting, *path: Any, value: Any) -> Posting:
    """The same posting beside a file that says something else in one place; the digest is that of the file."""
    document: Any = json.loads(posting.data)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return with_data(posting, canonical.dumps(document))


def with_data(posting: Posting, data: bytes) -> Posting:
    return replace(bound(posting, data_digest=sha256(data).digest()), data=data)


def test_honest_posting__every_sample_is_looked_at__valid() -> None:
    checker = FakeChecker()
    verdict = told(made(), checker=checker)
    assert verdict.valid and checker.asked == verdict.samples == 100
    assert verdict.tokens == sum(len(sample.token_ids) for sample in RAW)
    assert (verdict.engine, verdict.numeric_class, verdict.tau) == ("fake", "E", 0)


OTHER = replace(MODEL, uri="ipfs://elsewhere")
LIES: list[tuple[str, Callable[[], Posting], str, str]] = [
    ("model", lambda: with_data(made(), made(model=OTHER).data), "weights", "model id"),
    ("template", lambda: bound(made(), template_id=b"\x01" * 32), "prompt", "template id"),
    ("sampler", lambda: bound(made(), sampler_id=b"\x01" * 32), "prompt", "sampler id"),
    ("sampler of the file", lambda: rewritten(made(), "sampler", "tau", value=9), "prompt", "sampler id"),
    (
        "payload",
        lambda: rewritten(made(), "samples", 7, "payload", value={"action": "none", "x": 1}),
        "selection",
        "payload",
    ),
    ("valid", lambda: rewritten(made(), "valid", value=1), "selection", "count of valid samples"),
    ("pick", lambda: rewritten(made(), "pick", value=99), "selection", "pick"),
    ("gamma", lambda: rewritten(made(), "gamma_bps", value=9_999), "selection", "gamma_bps"),
    ("dispersion", lambda: rewritten(made(), "dispersion_bps", value=1), "selection", "dispersion_bps"),
    ("posted gamma", lambda: bound(made(), gamma_bps=9_999), "selection", "posted gamma_bps"),
    ("posted dispersion", lambda: bound(made(), dispersion_bps=1), "selection", "posted dispersion_bps"),
    (
        "contract",
        lambda: rewritten(made(), "contracts", "Governance", value=address(9)),
        "actions",
        "address of Governance",
    ),
    ("decimals", lambda: rewritten(made(), "reserve_decimals", value=18), "actions", "reserve decimals"),
    ("calls", lambda: rewritten(made(), "actions", "values", 0, value=1), "actions", "value 0"),
    ("epoch", lambda: rewritten(made(), "epoch", value=6), "samples", "epoch"),
    ("winner", lambda: rewritten(made(), "winner", value=address(78)), "samples", "winner"),
    ("seed", lambda: rewritten(made(), "seed", value="0x" + "23" * 32), "samples", "seed"),
]


@pytest.mark.parametrize(("posting", "ground", "what"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES])
def test_one_lie__is_named_before_any_model_runs(posting: Callable[[], Posting], ground: str, what: str) -> None:
    checker = FakeChecker()
    found = failure(posting(), checker=checker)
    assert (found.ground.word, found.what) == (ground, what)
    assert found.expected != found.got and checker.asked == 0


def test_payload_that_python_takes_for_equal__is_another() -> None:
    """True == 1, but not to who reads the file elsewhere."""
    posting, true = made(), {"action": "fund", "fund": {"A": 1}}
    samples = json.loads(posting.data)["samples"]
    index = next(sample["index"] for sample in samples if sample["payload"] == true)
    lie = {"action": "fund", "fund": {"A": True}}
    assert lie == true
    found = failure(rewritten(posting, "samples", index, "payload", value=lie))
    assert (found.what, found.sample) == ("payload", index)


def test_two_lies__the_earlier_check_speaks() -> None:
    both = rewritten(rewritten(made(), "pick", value=99), "winner", value=address(78))
    assert failure(both).what == "pick"
    three = bound(both, template_id=b"\x01" * 32)
    assert failure(three).what == "template id"


def test_samples_that_yield_no_proposal__are_none() -> None:
    torn = raw_samples(PROMPT, none=90)
    built = generation.build(SLOT, PROMPT, SAMPLER, torn, DEPLOYMENT)
    assert str(built.selection.outcome) == "nothing_to_do"
    found = failure(Posting(built.generation, built.proof, built.actions, built.data))
    assert (found.ground, found.what, found.expected, found.got) == (
        Ground.SELECTION, "outcome", "nothing_to_do", "propose"
    )  # fmt: skip


# Facts of the prompt


@pytest.mark.parametrize(
    ("reads", "what"),
    [
        ({"mintable": 5 * 10**18}, "facts"),  # the budget is more than that
        ({"mintable": 2_401 * 10**18}, "funding"),
        ({"marketCap": 10**12}, "market"),
        ({"templateApproved": False}, "facts"),
        ({"samplerApproved": False}, "facts"),
        ({"mintable": Reverted("no such function")}, "facts"),
    ],
)
def test_prompt_that_the_chain_contradicts__fails_with_the_first_field(reads: dict[str, Any], what: str) -> None:
    at = posted(SLOT, encode(PROMPT), made(), DEPLOYMENT)
    at.chain.reads |= reads  # type: ignore[attr-defined]
    found = failure(made(), at=at)
    assert (found.ground, found.what) == (Ground.PROMPT, what)


def test_chain_that_forgot_the_block__is_no_verdict() -> None:
    at = posted(SLOT, encode(PROMPT), made(), DEPLOYMENT)
    at.chain.reads["marketCap"] = Unreachable("missing trie node")  # type: ignore[attr-defined]
    with pytest.raises(Unreachable, match="missing trie node"):
        told(made(), at=at)


def test_prompt_older_than_the_organisation__fails_on_its_block() -> None:
    at = replace(posted(SLOT, encode(PROMPT), made(), DEPLOYMENT), first_block=PROMPT_BLOCK + 1)
    assert failure(made(), at=at).what == "block"


# Data


def test_proposal_whose_calls_the_endpoint_withholds__unreachable() -> None:
    at = posted(SLOT, encode(PROMPT), made(), DEPLOYMENT)
    at.chain.logs.pop()  # type: ignore[attr-defined]
    with pytest.raises(Unreachable, match="does not give the calls"):
        told(made(), at=at)


def test_deployment_that_lacks_a_contract__is_no_verdict() -> None:
    at = posted(SLOT, encode(PROMPT), made(), DEPLOYMENT)
    with pytest.raises(BadInput, match="the deployment has no Governance"):
        told(
            made(),
            at=replace(
                at,
                deployment=replace(
                    DEPLOYMENT, addresses={k: v for k, v in DEPLOYMENT.addresses.items() if k != "Governance"}
                ),
            ),
        )


def test_published_data_of_another_digest__does_not_count() -> None:
    at = replace(posted(SLOT, encode(PROMPT), made(), DEPLOYMENT), store=FakeStore())
    at.chain.log("DisputeResolver", "Published", id=PROPOSAL, data=b"other")  # type: ignore[attr-defined]
    found = failure(made(), at=at)
    assert found.ground is Ground.DATA_UNAVAILABLE and "no such document" in found.note


# The engine


def missing(index: int, margin: int | None = 7 << 20, position: int = 3) -> Checks:
    def finds(sample: RawSample) -> SampleCheck:
        checked = agrees(sample)
        wrong = (TokenMismatch(position, 11, 12, margin), TokenMismatch(position + 1, 1, 2, 5))
        return replace(checked, mismatches=wrong, worst_margin=margin or 0) if sample.index == index else checked

    return finds


def test_token__first_of_the_first_sample_counts_and_ends_the_check() -> None:
    checker = FakeChecker(missing(40))
    verdict = told(made(), checker=checker)
    assert verdict.failure == Failure(Ground.SAMPLES, "token", 11, 12, 40, 3, 7 << 20, "E")
    assert (checker.asked, verdict.samples, verdict.worst_margin) == (41, 41, 7 << 20)


@pytest.mark.parametrize(
    ("lie", "what"),
    [({"text": "other"}, "text"), ({"finished": False}, "end"), ({"text": "", "finished": False}, "text")],
)
def test_claimed_text_or_end_that_the_tokens_do_not_bear_out__fails(lie: dict[str, Any], what: str) -> None:
    found = failure(made(), checker=FakeChecker(lambda s: replace(agrees(s), **lie) if s.index == 5 else agrees(s)))
    assert (found.ground, found.what, found.sample, found.position) == (Ground.SAMPLES, what, 5, None)


def test_prompt_that_no_engine_takes__is_the_posters_fault() -> None:
    found = failure(made(), checker=FakeChecker(error=BadInput("prompt of 9999 tokens")))
    assert (found.ground, found.note) == (Ground.PROMPT, "prompt of 9999 tokens")


def test_engine_that_cannot_check_the_class__is_no_verdict() -> None:
    with pytest.raises(Refused, match="cannot"):
        told(made(), checker=FakeChecker(error=Refused("this engine cannot")))


def class_b(misses: int, margin: int | None) -> Checks:
    return lambda s: missing(s.index, margin)(s) if s.index < misses else agrees(s)


def alone(sampler: Sampler) -> bytes:
    return made(sampler).data


def test_class_b__as_many_misses_as_its_rule_bears() -> None:
    sampler = replace(SAMPLER, numeric_class="B", tau=250_000)
    tokens = sum(len(sample.token_ids) for sample in RAW)
    borne = tokens * 35 // 6_700 // 2  # two misses a sample
    assert verify_file(alone(sampler), opening(FakeChecker(class_b(borne, 1 << 20)))).valid
    over = verify_file(alone(sampler), opening(FakeChecker(class_b(borne + 1, 1 << 20))))
    assert over.failure is not None and (over.failure.sample, over.samples) == (0, 100)
    never = verify_file(alone(sampler), opening(FakeChecker(missing(60, None))))
    assert never.failure is not None and (never.failure.sample, never.samples) == (60, 61)


# Evidence


def test_evidence__valid__is_the_same_for_every_valid_proposal() -> None:
    nothing = b'{"expected":null,"got":null,"ground":null,"margin":null,"position":null,"sample":null}'
    assert evidence(told(made())) == evidence(CheckResult(None, "F", 1000, "other", 9, 9, 9)) == nothing
    assert evidence_hash(told(made())) == keccak(nothing)


def test_evidence__class_e__says_all_in_canonical_form() -> None:
    found = told(made(), checker=FakeChecker(missing(40)))
    assert evidence(found) == (b'{"expected":11,"got":12,"ground":"samples","margin":7340032,"position":3,"sample":40}')


@pytest.mark.parametrize("numeric_class", ["F", "B"])
def test_evidence__two_engines_of_floats_that_differ_in_the_token__same_bytes(numeric_class: str) -> None:
    sampler = replace(SAMPLER, numeric_class=numeric_class, tau=1_000)
    one, two = (verify_file(alone(sampler), opening(FakeChecker(missing(index, None, index)))) for index in (40, 41))
    assert one.failure != two.failure
    assert evidence(one) == evidence(two)
    assert json.loads(evidence(one)) == {
        "ground": "samples", "sample": None, "position": None, "expected": None, "got": None, "margin": None
    }  # fmt: skip


def test_evidence__what_needs_no_engine__is_said_in_every_class() -> None:
    sampler = replace(SAMPLER, numeric_class="F", tau=1_000)
    found = verify_file(rewritten(made(sampler), "pick", value=99).data, opening(FakeChecker()))
    assert json.loads(evidence(found))["got"] == 99


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (7, 7),
        (b"\x01\x02", "0x0102"),
        ("short", "short"),
        ({"b": 1, "a": []}, '{"a":[],"b":1}'),
        (True, "true"),
        ("x" * 201, "keccak256 0x" + keccak(b"x" * 201).hex()),
    ],
)
def test_scalar__any_value__fits_evidence(value: object, shown: object) -> None:
    assert scalar(value) == shown


def test_sentence__names_place_and_margin() -> None:
    token = Failure(Ground.SAMPLES, "token", 11, 12, 40, 3, 1 << 19, "E")
    assert sentence(token) == "samples: token 3 of sample 40 is 12, not 11, 0.5000 below the best"
    facts = Failure(Ground.PROMPT, "facts", "those of its block", "others", note="no parameter fairness")
    assert sentence(facts) == "prompt: facts is 'others', not 'those of its block' (no parameter fairness)"
