"""SampleTree.sol and sample_tree.py, seed.py: the same leaves, roots, proofs and seeds; and one posting end to end."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from oracle.domain.action import Actions
from oracle.mechanism import sample_tree
from oracle.mechanism.compile import actions_hash
from oracle.mechanism.generation import build
from oracle.mechanism.seed import sample_seed
from tests.support.evm import Contract, Evm, account
from tests.support.prompts import DEPLOYMENT, SAMPLER, SLOT, a_prompt, raw_samples
from tests.support.twins import Case, cases, differences, number

HIGHEST = (1 << 256) - 1


@pytest.fixture(scope="module")
def chain() -> Contract:
    return Evm().deploy("SampleTreeHarness")


def words(rnd: random.Random, count: int) -> list[bytes]:
    return [rnd.choice((bytes(32), rnd.randbytes(32))) for _ in range(count)]


def leaf_case(rnd: random.Random) -> Case:
    return number(rnd, 0, HIGHEST), *words(rnd, 3), rnd.random() < 0.5


def seed_case(rnd: random.Random) -> Case:
    accounts = [account(rnd.randrange(1 << 30)) for _ in range(2)]
    return number(rnd, 0, HIGHEST), accounts[0], number(rnd, 0, HIGHEST), accounts[1], *words(rnd, 3)


def calls(rnd: random.Random) -> Case:
    count = rnd.randrange(4)
    targets = [account(rnd.randrange(1 << 30)) for _ in range(count)]
    values = [number(rnd, 0, HIGHEST) for _ in range(count)]
    return targets, values, [rnd.randbytes(rnd.randrange(70)) for _ in range(count)]


def hash_of_calls(targets: list[str], values: list[int], calldatas: list[bytes]) -> bytes:
    return actions_hash(Actions(tuple(targets), tuple(values), tuple(calldatas)))


TWINS: dict[str, tuple[Callable[..., Any], Callable[[random.Random], Case]]] = {
    "leaf": (sample_tree.leaf, leaf_case),
    "payloadHash": (sample_tree.payload_hash, lambda rnd: tuple(words(rnd, 2))),
    "samplesRoot": (sample_tree.samples_root, lambda rnd: tuple(words(rnd, 2))),
    "rootFromProof": (sample_tree.root_from_proof, lambda rnd: (words(rnd, 1)[0], words(rnd, rnd.randrange(9)))),
    "seedOf": (sample_seed, seed_case),
    "actionsHash": (hash_of_calls, calls),
}


@pytest.mark.parametrize("function", TWINS)
def test_sample_tree__random_cases__equal_on_chain(chain: Contract, function: str) -> None:
    twin, draw = TWINS[function]
    assert differences(chain, function, twin, cases(draw)) == []


def test_posting__built_off_chain__proves_itself_on_chain(chain: Contract) -> None:
    """What updatePrompt does with a posting, step by step, in the contract's own library."""
    prompt = a_prompt()
    for seed in range(5):
        posting = build(SLOT, prompt, SAMPLER, raw_samples(prompt, seed=seed), DEPLOYMENT)
        made, proof = posting.generation, posting.proof
        calls = chain("actionsHash", *(list(part) for part in astuple(posting.actions)))
        payload = chain("payloadHash", proof.payload_json_hash, calls)
        leaf = chain("leaf", made.pick, proof.tokens_hash, payload, proof.text_hash, True)
        root = chain("samplesRoot", SLOT.seed, chain("rootFromProof", leaf, list(proof.path)))
        assert root == made.samples_root


def astuple(actions: Actions) -> tuple[tuple[Any, ...], ...]:
    return actions.targets, actions.values, actions.calldatas


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("leaf", lambda i, tokens, payload, text, valid: sample_tree.leaf(i, payload, tokens, text, valid)),
    ("payloadHash", lambda a, b: sample_tree.payload_hash(b, a)),
    ("samplesRoot", lambda seed, root: sample_tree.payload_hash(seed, root)),
    ("rootFromProof", lambda leaf, path: sample_tree.root_from_proof(leaf, path[::-1])),
    ("seedOf", lambda chain, to, e, who, *rest: sample_seed(chain, who, e, to, *rest)),
    ("actionsHash", lambda targets, values, data: hash_of_calls(targets[::-1], values, data)),
]


@pytest.mark.parametrize(("function", "wrong"), WRONG)
def test_sample_tree__a_wrong_twin__is_caught(chain: Contract, function: str, wrong: Callable[..., Any]) -> None:
    _, draw = TWINS[function]
    assert differences(chain, function, wrong, cases(draw, count=200))
