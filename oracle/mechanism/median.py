"""The median answer of a slot: the lexicographic Jaccard medoid of the valid samples, and how sure the samples were.

Integers throughout (`distance.py`), so everybody gets the same pick. Text decides which rationale is shown among equal
payloads and never the payload.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from oracle.domain.action import Payload
from oracle.domain.errors import BadInput
from oracle.domain.sample import DistanceRules, FieldKind, FieldRule, Sample
from oracle.mechanism.distance import Q, payload_tile, row_sums, text_tile
from oracle.mechanism.template import Template

MIN_VALID = 67
"""Of 100 samples, as many must parse; of n samples, ceil(67 n / 100)."""

NO_CONSENSUS_BPS = 200
"""Below this action margin a slot yields no proposal."""

FAST_BPS = 1000
"""From this action margin on a proposal may take the fast track."""


class Outcome(StrEnum):
    """What the samples amount to."""

    PROPOSE = "propose"
    TOO_FEW_VALID = "too_few_valid"
    NO_CONSENSUS = "no_consensus"
    NOTHING_TO_DO = "nothing_to_do"


@dataclass(frozen=True, slots=True)
class Selection:
    """The pick and its margins.

    `pick` is the index of the median sample (None if no sample is valid); `valid` of `asked` samples parsed;
    `totals[i]` is the sum of distances of sample i to the valid ones in units of 1/Q (None if i is invalid);
    `gamma` and `dispersion` are exact, in [0, 1].
    """

    pick: int | None
    asked: int
    valid: int
    totals: tuple[int | None, ...]
    dispersion: Fraction
    gamma: Fraction
    outcome: Outcome
    reason: str

    @property
    def gamma_bps(self) -> int:
        """The action margin as posted: bps, rounded down."""
        return int(self.gamma * 10_000)

    @property
    def dispersion_bps(self) -> int:
        """The dispersion as posted: bps, rounded down."""
        return int(self.dispersion * 10_000)


def distance_rules(template: Template) -> DistanceRules:
    """How a template compares answers: the fields of each action with their kinds and weights."""
    return {
        action: tuple(FieldRule(field.name, FieldKind(field.kind), field.weight) for field in fields)
        for action, fields in template.actions.items()
    }


def select(samples: Sequence[Sample], rules: DistanceRules, *, min_valid: int | None = None) -> Selection:
    """Picks the median answer.

    pick = argmin_i sum_j D(x_i, x_j) over valid samples; tie -> smallest sum of T among samples with the same payload;
    tie -> lowest index. When different payloads tie, the one seen first is taken before any text is read.
    `samples[i].index` must be i. `min_valid` counts valid samples (default: 67 of 100).
    Raises BadInput if indices are out of order or a payload does not fit `rules`.
    """
    if any(sample.index != place for place, sample in enumerate(samples)):
        raise BadInput("samples are not numbered 0, 1, 2, ... in order", hint="Pass all samples, sorted by index.")
    least = -(-MIN_VALID * len(samples) // 100) if min_valid is None else min_valid
    groups = group(samples)
    members = [index for copies in groups.values() for index in copies]
    if not members:
        return _empty(len(samples), least)
    payloads = {key: _payload(samples[copies[0]]) for key, copies in groups.items()}
    sums = _payload_sums(payloads, {key: len(copies) for key, copies in groups.items()}, rules)
    winner = min(groups, key=lambda key: (sums[key], groups[key][0]))
    pick = _plainest(samples, groups[winner])
    valid, action = len(members), payloads[winner].action
    gamma = _gamma(sums, payloads, winner, valid)
    dispersion = Fraction(sums[winner], (valid - 1) * Q) if valid > 1 else Fraction(0)
    outcome, reason = _outcome(action, len(samples), valid, least, gamma)
    totals: list[int | None] = [None] * len(samples)
    for key, copies in groups.items():
        for index in copies:
            totals[index] = sums[key]
    return Selection(pick, len(samples), valid, tuple(totals), dispersion, gamma, outcome, reason)


def group(samples: Sequence[Sample]) -> dict[Any, list[int]]:
    """Indices of the valid samples by payload, in the order first seen."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for sample in samples:
        if sample.payload is not None:
            groups[sample.payload.action, _frozen(sample.payload.fields)].append(sample.index)
    return groups


def _frozen(value: Any) -> Any:
    """A hashable copy of a JSON value; maps compare without regard to order."""
    if isinstance(value, Mapping):
        return frozenset((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_frozen(item) for item in value)
    return value


def _payload(sample: Sample) -> Payload:
    if sample.payload is None:
        raise BadInput(f"sample {sample.index} has no payload")
    return sample.payload


def _payload_sums(payloads: Mapping[Any, Payload], counts: Mapping[Any, int], rules: DistanceRules) -> dict[Any, int]:
    """sum_j D(x_i, x_j) by distinct payload: Q for every sample of another action, D for those of the same one."""
    valid = sum(counts.values())
    by_action: dict[str, list[Any]] = defaultdict(list)
    for key, payload in payloads.items():
        by_action[payload.action].append(key)
    sums: dict[Any, int] = {}
    for action, keys in by_action.items():
        if action not in rules:
            raise BadInput(f"no distance rule for action {action!r}", hint=f"The template knows {sorted(rules)}.")
        sizes = [counts[key] for key in keys]
        within = row_sums(payload_tile([payloads[key].fields for key in keys], rules[action]), sizes)
        others = Q * (valid - sum(sizes))
        sums.update((key, others + own) for key, own in zip(keys, within, strict=True))
    return sums


def _plainest(samples: Sequence[Sample], copies: Sequence[int]) -> int:
    """Among samples with one payload: the one whose rationale is nearest to the others'; tie -> lowest index."""
    if len(copies) < 3:
        return copies[0]
    sums = row_sums(text_tile([samples[index].rationale for index in copies]), [1] * len(copies))
    return copies[sums.index(min(sums))]


def _gamma(sums: Mapping[Any, int], payloads: Mapping[Any, Payload], winner: Any, valid: int) -> Fraction:
    """(min over j with another action of S(j) - S(pick)) / (m Q).

    If all samples agree on the action, a stranger with another one is compared with: it is Q away from all m.
    """
    action = payloads[winner].action
    rivals = (total for key, total in sums.items() if payloads[key].action != action)
    return Fraction(min(rivals, default=valid * Q) - sums[winner], valid * Q)


def _outcome(action: str, asked: int, valid: int, least: int, gamma: Fraction) -> tuple[Outcome, str]:
    """What follows from the pick, and a sentence that says why."""
    if valid < least:
        return Outcome.TOO_FEW_VALID, f"{valid} of {asked} samples are valid answers, {least} are needed"
    if gamma * 10_000 < NO_CONSENSUS_BPS:
        return Outcome.NO_CONSENSUS, (
            f"the action margin is {int(gamma * 10_000)} bps, {NO_CONSENSUS_BPS} are needed: the samples do not agree"
        )
    if action == "none":
        return Outcome.NOTHING_TO_DO, "the median answer is to do nothing"
    speed = "may take the fast track" if gamma * 10_000 >= FAST_BPS else "is for the slow track"
    return Outcome.PROPOSE, f"the median answer is {action!r} with a margin of {int(gamma * 10_000)} bps: it {speed}"


def _empty(asked: int, least: int) -> Selection:
    """No valid sample at all: nothing to pick from."""
    reason = f"0 of {asked} samples are valid answers, {least} are needed"
    return Selection(None, asked, 0, (None,) * asked, Fraction(0), Fraction(0), Outcome.TOO_FEW_VALID, reason)
