"""How the 100 samples are drawn: part of what is committed, so that nobody can choose it afterwards."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sampler:
    """Sampling rules. `temperature_milli` is T x 1000; `tau` the tolerance of a check in 1/1,000,000 (0: equality)."""

    n: int = 100
    temperature_milli: int = 1000
    max_tokens: int = 96
    min_valid: int = 67
    selection: str = "lexicographic-jaccard-medoid/v1"
    noise: str = "philox-gumbel/v1"
    grammar: str = "llguidance/1.9.1"
    numeric_class: str = "E"
    tau: int = 0
