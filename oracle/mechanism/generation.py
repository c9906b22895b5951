"""From the samples to what is posted: the median, its proof, its calls and the data that lets anyone check them."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from eth_hash.auto import keccak

from oracle.domain.action import Actions, Deployment
from oracle.domain.errors import BadInput
from oracle.domain.prompt import Prompt
from oracle.domain.proposal import Generation, LeafProof
from oracle.domain.sample import RawSample, Sample
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.mechanism import data_file, sample_tree
from oracle.mechanism.actions import parse, payload_json, sampler_id
from oracle.mechanism.compile import CONTRACTS, actions_hash, compile_actions
from oracle.mechanism.median import Selection, distance_rules, select
from oracle.mechanism.model_id import model_id
from oracle.mechanism.template import template, template_id
from oracle.mechanism.tracks import posted_margin


@dataclass(frozen=True, slots=True)
class Posting:
    """What a slot posts. Without a valid sample there is no pick: index 0, no actions and a proof of an invalid leaf.

    `data` are the bytes whose sha256 is `generation.data_digest`. Only if `selection.outcome` is PROPOSE may the
    posting become a proposal; otherwise the winner abstains with the same generation.
    """

    generation: Generation
    proof: LeafProof
    actions: Actions
    data: bytes
    samples: tuple[Sample, ...]
    selection: Selection


def read_samples(raw: Sequence[RawSample], prompt: Prompt) -> tuple[Sample, ...]:
    """The samples as answers; one that was cut off or breaks the prompt's schema has no payload."""
    read = []
    for sample in raw:
        answer = parse(sample.text, prompt) if sample.finished else None
        payload, rationale = (answer.payload, answer.rationale) if answer else (None, "")
        read.append(Sample(sample.index, sample.token_ids, sample.text, sample.finished, payload, rationale))
    return tuple(read)


def build(
    slot: SlotContext, prompt: Prompt, sampler: Sampler, raw: Sequence[RawSample], deployment: Deployment
) -> Posting:
    """Selects the median of the samples and binds all of them, the pick and its calls to the slot's seed.

    A pure function of its arguments: whoever has them posts the same bytes. Raises BadInput if the samples are not
    exactly 0..n-1 in order, or prompt, sampler, slot and deployment do not belong together.
    """
    _check(slot, prompt, sampler, raw, deployment)
    samples = read_samples(raw, prompt)
    selection = select(samples, distance_rules(template()), min_valid=sampler.min_valid)
    actions = [compile_actions(sample.payload, prompt, deployment) if sample.payload else None for sample in samples]
    leaves = [_leaf(sample, calls) for sample, calls in zip(samples, actions, strict=True)]
    tree = sample_tree.SampleTree(leaves, sample_tree.room_for(sampler.n))
    pick = selection.pick or 0
    chosen = actions[pick] or Actions()
    margin = posted_margin(selection.gamma_bps, sampler.numeric_class)
    data = data_file.dumps(
        slot,
        deployment,
        prompt,
        sampler,
        samples,
        chosen,
        pick=pick,
        gamma_bps=margin,
        dispersion_bps=selection.dispersion_bps,
    )
    generation = Generation(
        template_id=template_id(),
        sampler_id=sampler_id(sampler),
        model_id=model_id(slot.model),
        samples_root=sample_tree.samples_root(slot.seed, tree.root),
        pick=pick,
        gamma_bps=margin,
        dispersion_bps=selection.dispersion_bps,
        data_digest=sha256(data).digest(),
    )
    proof = LeafProof(
        tokens_hash=sample_tree.tokens_hash(samples[pick].token_ids),
        payload_json_hash=_json_hash(samples[pick]),
        text_hash=sample_tree.text_hash(samples[pick].text),
        path=tree.proof(pick),
    )
    return Posting(generation, proof, chosen, data, samples, selection)


def _leaf(sample: Sample, actions: Actions | None) -> bytes:
    """A sample's leaf: payload hash 0 where there is no payload."""
    payload = sample_tree.payload_hash(_json_hash(sample), actions_hash(actions)) if actions is not None else bytes(32)
    tokens, text = sample_tree.tokens_hash(sample.token_ids), sample_tree.text_hash(sample.text)
    return sample_tree.leaf(sample.index, tokens, payload, text, sample.valid)


def _json_hash(sample: Sample) -> bytes:
    return keccak(payload_json(sample.payload)) if sample.payload else bytes(32)


def _check(
    slot: SlotContext, prompt: Prompt, sampler: Sampler, raw: Sequence[RawSample], deployment: Deployment
) -> None:
    if not slot.chain_id == prompt.chain_id == deployment.chain_id:
        raise BadInput(
            f"the slot is on chain {slot.chain_id}, the prompt for {prompt.chain_id}, "
            f"the deployment of {deployment.chain_id}",
            hint="Choose the deployment of the prompt's chain.",
        )
    missing = [name for name in CONTRACTS if name not in deployment.addresses]
    if missing or slot.prompt_update != deployment.addresses["PromptUpdate"]:
        raise BadInput(
            f"the deployment has no {', '.join(missing)}" if missing else "the slot is of another PromptUpdate",
            hint="Choose the deployment of the slot.",
        )
    drawn_with = "0x" + sampler_id(sampler).hex()
    if prompt.sampler_id != drawn_with:
        raise BadInput(
            f"the prompt names sampler {prompt.sampler_id}, the samples were drawn with {drawn_with}",
            hint="Draw with the sampler that the prompt binds.",
        )
    indices = [sample.index for sample in raw]
    if indices != list(range(sampler.n)):
        raise BadInput(
            f"samples are not 0..{sampler.n - 1} in order: got {len(indices)}", hint="Draw the missing ones."
        )
