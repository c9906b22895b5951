"""Cheating posters. Each rebuilds tree, digest and proof honestly around its one lie, as a clever one would.

`Honest` is what the slot of a seed should post; a forgery is a function of it and a random generator. None of them is
refused by the contract, which sees the pick's leaf only.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from eth_hash.auto import keccak

from oracle.domain.action import Actions, Deployment
from oracle.domain.prompt import Prompt
from oracle.domain.proposal import Generation, LeafProof
from oracle.domain.sample import RawSample, Sample
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.mechanism import data_file, generation, sample_tree
from oracle.mechanism.actions import payload_json, sampler_id
from oracle.mechanism.compile import actions_hash, compile_actions
from oracle.mechanism.median import distance_rules, select
from oracle.mechanism.model_id import model_id
from oracle.mechanism.template import template, template_id
from tests.support.fake_chain import Posting

Words = Callable[[str], tuple[int, ...]]
"""From a text to the tokens that spell it."""


@dataclass(frozen=True)
class Honest:
    """What a slot binds and draws. `spare` are samples of other noise indices, under the indices of the slot."""

    slot: SlotContext
    prompt: Prompt
    sampler: Sampler
    deployment: Deployment
    raw: Sequence[RawSample]
    spare: Sequence[RawSample]
    spell: Words
    read: Callable[[Sequence[int]], str]

    def posting(self, raw: Sequence[RawSample] | None = None) -> Posting:
        """What the poster's own function makes of these samples."""
        made = generation.build(self.slot, self.prompt, self.sampler, raw or self.raw, self.deployment)
        return Posting(made.generation, made.proof, made.actions, made.data)


@dataclass(frozen=True)
class Forged:
    """What was posted, and what an honest check must say of it: the ground, and the sample if it is of one."""

    posting: Posting
    ground: str
    sample: int | None = None


def cherry_picked(honest: Honest, rnd: random.Random) -> Forged:
    """One answer is of another noise index, which the poster liked better: the model's own, drawn in its own way."""
    while True:
        index, other = rnd.randrange(len(honest.raw)), rnd.choice(honest.spare)
        if other.token_ids != honest.raw[index].token_ids:
            return _resampled(honest, {index: replace(other, index=index)})


def swapped(honest: Honest, rnd: random.Random) -> Forged:
    """Two answers have changed places."""
    while True:
        one, two = rnd.sample(range(len(honest.raw)), 2)
        first, second = honest.raw[one], honest.raw[two]
        if first.token_ids != second.token_ids:
            return _resampled(honest, {one: replace(second, index=one), two: replace(first, index=two)})


def truncated(honest: Honest, rnd: random.Random) -> Forged:
    """An answer lost its end; its text is cut with it, or kept whole, and it may still be called finished."""
    index = rnd.randrange(len(honest.raw))
    whole = honest.raw[index]
    tokens = whole.token_ids[: rnd.randrange(len(whole.token_ids))]
    text = rnd.choice((honest.read(tokens), whole.text))
    return _resampled(honest, {index: RawSample(index, tokens, text, rnd.random() < 0.5)})


def edited(honest: Honest, rnd: random.Random) -> Forged:
    """An answer says something else: in its tokens, in its text, in both, or in whether it came to its end."""
    index = rnd.randrange(len(honest.raw))
    own, other = honest.raw[index], rnd.choice([raw for raw in honest.raw if raw.text != honest.raw[index].text])
    place = rnd.randrange(len(own.token_ids))
    token = rnd.choice([each for each in range(400) if each != own.token_ids[place]])
    tokens = (*own.token_ids[:place], token, *own.token_ids[place + 1 :])
    spelled = honest.spell(other.text)
    lies = [
        replace(own, token_ids=tokens, text=honest.read(tokens)),
        replace(own, token_ids=tokens),
        replace(own, token_ids=(*own.token_ids, token)),
        replace(own, text=other.text),
        replace(own, finished=not own.finished),
        replace(own, token_ids=spelled, text=other.text),
    ]
    return _resampled(honest, {index: rnd.choice([lie for lie in lies if lie != own])})


def wrong_pick(honest: Honest, rnd: random.Random) -> Forged:
    """Another valid answer is posted as the median, with its own calls and its own proof."""
    made = _Made(honest)
    others = [sample.index for sample in made.samples if sample.valid and sample.index != made.pick]
    made.pick = rnd.choice(others)
    made.actions = made.calls[made.pick]
    return Forged(made.posting(), "selection")


def wrong_payload(honest: Honest, rnd: random.Random) -> Forged:
    """One text is read as another decision, leaf, selection and calls following from that."""
    made = _Made(honest)
    index = rnd.choice([sample.index for sample in made.samples if sample.valid])
    own = made.samples[index].payload
    other = rnd.choice([s.payload for s in made.samples if s.payload is not None and s.payload != own] or [None])
    made.samples[index] = replace(made.samples[index], payload=other)
    made.select()
    return Forged(made.posting(), "selection", index)


def wrong_calldata(honest: Honest, rnd: random.Random) -> Forged:
    """The calls of the pick pay more, or somebody else; the pick's leaf holds just these calls."""
    made = _Made(honest)
    calls = made.actions
    if calls.calldatas:
        place, byte = rnd.randrange(len(calls.calldatas)), rnd.randrange(4, 68)
        data = bytearray(calls.calldatas[place])
        data[byte] ^= rnd.randrange(1, 256)
        changed = (*calls.calldatas[:place], bytes(data), *calls.calldatas[place + 1 :])
        lies = [
            replace(calls, calldatas=changed),
            replace(calls, values=(rnd.randrange(1, 10**18), *calls.values[1:])),
            replace(calls, targets=(honest.slot.winner, *calls.targets[1:])),
            Actions(calls.targets * 2, calls.values * 2, calls.calldatas * 2),
        ]
    else:
        lies = [Actions((honest.slot.winner,), (1,), (b"",))]
    posted = rnd.choice(lies)
    made.calls[made.pick] = posted
    made.actions = rnd.choice((posted, calls))  # the file may still tell the truth
    return Forged(made.posting(posted), "actions")


def wrong_leaf(honest: Honest, rnd: random.Random) -> Forged:
    """The file is honest, but the tree was made with another leaf in some other place than the pick's."""
    made = _Made(honest)
    index = rnd.choice([place for place in range(sample_tree.LEAVES) if place != made.pick])
    made.leaf_instead = {index: rnd.randbytes(32)}
    return Forged(made.posting(), "samples")


FORGERIES: dict[str, Callable[[Honest, random.Random], Forged]] = {
    forge.__name__: forge
    for forge in (cherry_picked, swapped, truncated, edited, wrong_pick, wrong_payload, wrong_calldata, wrong_leaf)
}
OF_SAMPLES = ("cherry_picked", "swapped", "truncated", "edited")
"""Those that only the model can tell."""


def _resampled(honest: Honest, instead: dict[int, RawSample]) -> Forged:
    raw = [instead.get(sample.index, sample) for sample in honest.raw]
    return Forged(honest.posting(raw), "samples", min(instead))


class _Made:
    """The parts of an honest posting, each open to a change before the rest is built around it."""

    def __init__(self, honest: Honest) -> None:
        self.honest, self.leaf_instead = honest, dict[int, bytes]()
        self.samples: list[Sample] = list(generation.read_samples(honest.raw, honest.prompt))
        self.select()

    def select(self) -> None:
        """Pick, margins and calls as they follow from the samples."""
        honest = self.honest
        self.selection = select(self.samples, distance_rules(template()), min_valid=honest.sampler.min_valid)
        self.calls: list[Actions | None] = [
            compile_actions(s.payload, honest.prompt, honest.deployment) if s.payload else None for s in self.samples
        ]
        assert self.selection.pick is not None
        self.pick = self.selection.pick
        self.actions: Any = self.calls[self.pick]

    def posting(self, posted: Actions | None = None) -> Posting:
        """Leaves, tree, file and proof of the parts as they are now."""
        honest, chosen = self.honest, self.selection
        leaves = [*map(self._leaf, self.samples, self.calls)]
        leaves += [sample_tree.EMPTY_LEAF] * (sample_tree.LEAVES - len(leaves))
        tree = sample_tree.SampleTree([self.leaf_instead.get(place, leaf) for place, leaf in enumerate(leaves)])
        margins = {"pick": self.pick, "gamma_bps": chosen.gamma_bps, "dispersion_bps": chosen.dispersion_bps}
        data = data_file.dumps(
            honest.slot, honest.deployment, honest.prompt, honest.sampler, self.samples, self.actions, **margins
        )
        root = sample_tree.samples_root(honest.slot.seed, tree.root)
        made = Generation(
            template_id(),
            sampler_id(honest.sampler),
            model_id(honest.slot.model),
            root,
            **margins,
            data_digest=sha256(data).digest(),
        )
        sample = self.samples[self.pick]
        proof = LeafProof(
            sample_tree.tokens_hash(sample.token_ids),
            self._json_hash(sample),
            sample_tree.text_hash(sample.text),
            tree.proof(self.pick),
        )
        return Posting(made, proof, posted if posted is not None else self.actions, data)

    def _leaf(self, sample: Sample, calls: Actions | None) -> bytes:
        payload = bytes(32)
        if calls is not None:
            payload = sample_tree.payload_hash(self._json_hash(sample), actions_hash(calls))
        tokens, text = sample_tree.tokens_hash(sample.token_ids), sample_tree.text_hash(sample.text)
        return sample_tree.leaf(sample.index, tokens, payload, text, sample.valid)

    @staticmethod
    def _json_hash(sample: Sample) -> bytes:
        return keccak(payload_json(sample.payload)) if sample.payload else bytes(32)
