"""What a slot posts: the pick in the tree, invalid samples, the data file both ways, every refusal by its place."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from eth_hash.auto import keccak

from oracle.domain.action import Actions, Payload
from oracle.domain.errors import BadInput
from oracle.domain.proposal import Track
from oracle.domain.sampler import Sampler
from oracle.mechanism import canonical, data_file, sample_tree
from oracle.mechanism.actions import payload_json, sampler_id
from oracle.mechanism.compile import actions_hash, compile_actions
from oracle.mechanism.generation import Posting, build
from oracle.mechanism.median import Outcome
from oracle.mechanism.tracks import track
from tests.support.prompts import DEPLOYMENT, SAMPLER, SLOT, a_prompt, raw, raw_samples

PROMPT = a_prompt()
RAW = raw_samples(PROMPT)
NOTHING = Payload("none", {})


@pytest.fixture(scope="module")
def posting() -> Posting:
    return build(SLOT, PROMPT, SAMPLER, RAW, DEPLOYMENT)


def leaf_of_pick(posting: Posting) -> bytes:
    """The pick's leaf as the contract rebuilds it: from the proof and the actions alone."""
    payload = sample_tree.payload_hash(posting.proof.payload_json_hash, actions_hash(posting.actions))
    return sample_tree.leaf(posting.generation.pick, posting.proof.tokens_hash, payload, posting.proof.text_hash, True)


def test_build__hundred_samples__pick_proves_into_the_root_with_the_seed(posting: Posting) -> None:
    root = sample_tree.root_from_proof(leaf_of_pick(posting), posting.proof.path)
    assert posting.generation.samples_root == sample_tree.samples_root(SLOT.seed, root)
    assert len(posting.proof.path) == 7


def test_build__hundred_samples__posts_the_calls_of_the_median(posting: Posting) -> None:
    picked = posting.samples[posting.generation.pick]
    assert picked.payload is not None
    assert posting.actions == compile_actions(picked.payload, PROMPT, DEPLOYMENT)
    assert posting.proof.payload_json_hash == keccak(payload_json(picked.payload))
    assert posting.proof.tokens_hash == keccak(b"".join(t.to_bytes(4, "big") for t in picked.token_ids))
    assert posting.selection.outcome is Outcome.PROPOSE and posting.selection.valid == 95


def test_build__other_calls_than_the_picks__do_not_prove(posting: Posting) -> None:
    other = replace(posting, actions=replace(posting.actions, values=(1,) * len(posting.actions.values)))
    root = sample_tree.root_from_proof(leaf_of_pick(other), posting.proof.path)
    assert posting.generation.samples_root != sample_tree.samples_root(SLOT.seed, root)


def test_build__same_arguments__same_bytes(posting: Posting) -> None:
    again = build(SLOT, PROMPT, SAMPLER, list(RAW), DEPLOYMENT)
    assert again.data == posting.data and again.generation == posting.generation


def test_build__another_seed_or_text__another_root(posting: Posting) -> None:
    seeded = build(replace(SLOT, seed=bytes(32)), PROMPT, SAMPLER, RAW, DEPLOYMENT)
    edited = build(SLOT, PROMPT, SAMPLER, [*RAW[:99], replace(RAW[99], token_ids=(1,))], DEPLOYMENT)
    roots = {p.generation.samples_root for p in (posting, seeded, edited)}
    assert len(roots) == 3


def test_build__unfinished_sample__is_invalid_though_it_parses() -> None:
    drawn = [raw(index, NOTHING, finished=index > 0) for index in range(100)]
    built = build(SLOT, PROMPT, SAMPLER, drawn, DEPLOYMENT)
    assert built.samples[0].payload is None and built.selection.valid == 99
    assert built.generation.pick == 1


@pytest.mark.parametrize(
    ("none", "invalid", "outcome"),
    [(0, 34, Outcome.TOO_FEW_VALID), (90, 0, Outcome.NOTHING_TO_DO), (0, 100, Outcome.TOO_FEW_VALID)],
)
def test_build__no_proposal_in_the_samples__still_binds_them(none: int, invalid: int, outcome: Outcome) -> None:
    built = build(SLOT, PROMPT, SAMPLER, raw_samples(PROMPT, none=none, invalid=invalid), DEPLOYMENT)
    assert built.selection.outcome is outcome
    assert sha256(built.data).digest() == built.generation.data_digest
    if invalid == 100:
        assert (built.generation.pick, built.actions, built.generation.gamma_bps) == (0, Actions(), 0)
        assert data_file.loads(built.data).valid == 0


def test_build__none_is_picked__has_no_calls() -> None:
    assert build(SLOT, PROMPT, SAMPLER, raw_samples(PROMPT, none=90), DEPLOYMENT).actions == Actions()


@pytest.mark.parametrize(
    ("slot", "drawn", "complaint"),
    [
        (replace(SLOT, chain_id=1), RAW, "the slot is on chain 1, the prompt for 31337"),
        (SLOT, RAW[:99], "0..99 in order: got 99"),
        (SLOT, [RAW[1], RAW[0], *RAW[2:]], "0..99 in order"),
    ],
)
def test_build__parts_that_do_not_belong_together__refused(slot: Any, drawn: Any, complaint: str) -> None:
    with pytest.raises(BadInput) as refusal:
        build(slot, PROMPT, SAMPLER, drawn, DEPLOYMENT)
    assert complaint in str(refusal.value)


def test_build__sampler_that_the_prompt_does_not_name__refused() -> None:
    with pytest.raises(BadInput, match="the prompt names sampler"):
        build(SLOT, PROMPT, Sampler(temperature_milli=900), RAW, DEPLOYMENT)


def test_data_file__there_and_back__says_the_same(posting: Posting) -> None:
    read = data_file.loads(posting.data)
    assert (read.slot, read.prompt, read.sampler) == (SLOT, PROMPT, SAMPLER)
    assert list(read.samples) == RAW
    assert [payload is not None for payload in read.payloads] == [sample.valid for sample in posting.samples]
    assert (read.pick, read.gamma_bps) == (posting.generation.pick, posting.generation.gamma_bps)
    assert (read.valid, read.actions) == (95, posting.actions)
    assert sha256(posting.data).digest() == posting.generation.data_digest


def at(*path: str | int) -> Callable[[Any, Any], None]:
    """Sets the value at a path of a document."""

    def change(document: Any, value: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "value", "complaint"),
    [
        (at("version"), 1, "data file.version: only version 2"),
        (at("extra"), 1, "data file: has extra"),
        (at("chain_id"), -1, "data file.chain_id: -1 is not a whole number"),
        (at("epoch"), True, "data file.epoch: True is not a whole number"),
        (at("winner"), "0xabc", "data file.winner: '0xabc' is not a checksummed address"),
        (at("winner"), "0x" + "ab" * 20, "is not a checksummed address"),
        (at("seed"), "0x12", "data file.seed: '0x12' is not 0x and 64 hexadecimal digits"),
        (at("seed"), "0x" + "AB" * 32, "data file.seed"),
        (at("seed"), None, "data file.seed: None is not a string"),
        (at("model", "weights_root"), "zz", "data file.model.weights_root"),
        (at("model", "uri"), "x" * 70_000, "data file.model.uri"),
        (at("contracts"), {}, "data file.contracts: lacks BToken, DisputeResolver"),
        (at("contracts", "BToken"), "0x" + "00" * 20, "data file: epoch 5 with no address of a chain"),
        (at("epoch"), 0, "data file: epoch 0 with an address of a chain"),
        (at("winner"), "0x" + "00" * 20, "data file: epoch 5 with no address of a chain"),
        (at("chain_id"), 0, "data file.chain_id: 0 is not a whole number from 1"),
        (at("reserve_decimals"), 99, "data file.reserve_decimals"),
        (at("sampler", "max_tokens"), 1 << 60, "data file.sampler.max_tokens"),
        (at("sampler", "temperature_milli"), 0, "data file.sampler.temperature_milli: 0 is not a whole number from 1"),
        (at("sampler", "grammar"), "g" * 65, "data file.sampler.grammar"),
        (at("prompt"), [], "data file.prompt: [] is not an object"),
        (at("prompt", "objective"), "riches", "objective: 'riches' is not known"),
        (at("block"), 13, "data file.block: 13, the prompt says 12"),
        (at("sampler"), {}, "data file.sampler: lacks n, temperature_milli"),
        (at("sampler", "n"), 99, "data file.samples: 100 samples, the sampler says 99"),
        (at("sampler", "noise"), 7, "data file.sampler.noise: 7 is not a string"),
        (at("samples"), {}, "data file.samples: {} is not a list"),
        (at("samples", 3, "index"), 4, "data file.samples[3].index: 4, not 3"),
        (at("samples", 3, "tokens", 2), 1 << 32, "data file.samples[3].tokens[2]: 4294967296 is not"),
        (at("samples", 3, "text"), None, "data file.samples[3].text: None is not a string"),
        (at("samples", 3, "finished"), 1, "data file.samples[3].finished: 1 is not true or false"),
        (at("samples", 3, "payload"), "x", "data file.samples[3].payload: 'x' is not an object"),
        (at("samples", 3), {"index": 3}, "data file.samples[3]: lacks tokens, text, finished, payload"),
        (at("pick"), 100, "data file.pick: 100 is not a whole number from 0 to 99"),
        (at("gamma_bps"), 10_001, "data file.gamma_bps"),
        (at("actions", "targets"), [], "data file.actions: 0 targets"),
        (at("actions", "calldatas", 0), "ab", "data file.actions.calldatas[0]: 'ab' is not 0x and hexadecimal digits"),
        (at("actions", "targets", 0), 5, "data file.actions.targets[0]: 5 is not a string"),
    ],
)
def test_data_file__malformed__refused_with_its_place(
    posting: Posting, change: Any, value: Any, complaint: str
) -> None:
    document = json.loads(posting.data)
    change(document, value)
    with pytest.raises(BadInput) as refusal:
        data_file.loads(canonical.dumps(document))
    assert complaint in str(refusal.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"a": 1}', b"\xff", b'{"version":1.0}', b'{"a":1,"a":1}'])
def test_data_file__not_canonical_json__refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="data file"):
        data_file.loads(data)


def test_data_file__sampler_larger_than_the_tree__refused(posting: Posting) -> None:
    document = json.loads(posting.data)
    document["sampler"]["n"] = 0
    document["samples"] = []
    with pytest.raises(BadInput, match=r"sampler\.n: 0 is not a whole number from 1"):
        data_file.loads(canonical.dumps(document))
    assert Sampler().n == 100


@pytest.mark.parametrize(("numeric_class", "fast"), [("E", True), ("F", True), ("B", False), ("N", False)])
def test_build__answers_not_certain_to_the_token__post_a_margin_below_the_fast_track(
    numeric_class: str, fast: bool
) -> None:
    sampler = replace(SAMPLER, numeric_class=numeric_class, tau=250_000)
    prompt = replace(PROMPT, sampler_id="0x" + sampler_id(sampler).hex())
    built = build(SLOT, prompt, sampler, RAW, DEPLOYMENT)
    assert built.selection.gamma_bps >= 1000
    assert built.generation.gamma_bps == (built.selection.gamma_bps if fast else 999)
    assert track(built.generation.gamma_bps, 1, 1) == (Track.FAST if fast else Track.SLOW)
    assert data_file.loads(built.data).gamma_bps == built.generation.gamma_bps
