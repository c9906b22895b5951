"""What a prompter asks the model: typed facts and one objective, nothing a model could take for an instruction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Funding:
    """Where money comes from (`mint`, `token` or `reserve`), how much there is and how much may go; whole units."""

    source: str
    available: int
    budget: int


@dataclass(frozen=True, slots=True)
class Market:
    """Supply and market cap in whole units, and the cap's change over the last slot in basis points."""

    supply: int
    cap: int
    trend_bps: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who may be paid: the amount asked in whole units, and how many past works were done in time or late."""

    id: str
    title: str
    address: str
    ask: int
    done: int
    late: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A setting of one contract, in units of 10^scale, with the members' wishes for less and for more of it."""

    id: str
    contract: str
    name: str
    value: int
    minimum: int
    maximum: int
    scale: int
    wish_less: int
    wish_more: int


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A registered model: `score` is the share in percent of its slots in which the market cap rose."""

    id: str
    model_id: str
    score: int
    current: bool


@dataclass(frozen=True, slots=True)
class PastProposal:
    """An earlier proposal: what it did, how it ended, and the market cap's change in basis points."""

    epoch: int
    action: str
    result: str
    change_bps: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """The whole document, bound by hash in the sealed bid before the seed exists."""

    version: int
    template_id: str
    sampler_id: str
    chain_id: int
    block: int
    objective: str
    funding: Funding
    market: Market
    candidates: tuple[Candidate, ...]
    parameters: tuple[Parameter, ...]
    models: tuple[ModelChoice, ...]
    history: tuple[PastProposal, ...]
    advice: str
