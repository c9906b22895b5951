"""The result of a check as evidence: bytes that all honest verifiers write alike, whatever engine each of them runs."""

from eth_hash.auto import keccak

from oracle.domain.dispute import Ground
from oracle.domain.verdict import MARGIN_BITS, CheckResult, Failure, Scalar
from oracle.mechanism import canonical

MAX_SCALAR = 200
"""Longest text in evidence; a longer one is represented by its hash."""


def evidence(result: CheckResult) -> bytes:
    """Canonical JSON of {ground, sample, position, expected, got, margin}; all null where nothing is wrong.

    What an engine finds in class E is an integer on every machine. In the other classes which token misses first, by
    how much, and what would have been drawn instead are equal only up to noise of the arithmetic: there the evidence
    says that the samples fail, and no more.
    """
    failure = result.failure
    exact = failure is not None and failure.numeric_class in ("", "E")
    return canonical.dumps(
        {
            "ground": failure.ground.word if failure else None,
            "sample": failure.sample if failure and exact else None,
            "position": failure.position if failure and exact else None,
            "expected": failure.expected if failure and exact else None,
            "got": failure.got if failure and exact else None,
            "margin": failure.margin if failure and exact else None,
        }
    )


def evidence_hash(result: CheckResult) -> bytes:
    """keccak256 of the evidence (32 bytes): what verifiers sign."""
    return keccak(evidence(result))


def scalar(value: object) -> Scalar:
    """A value as evidence holds it: an integer, a short text, or the hash of a long one."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    text = "0x" + value.hex() if isinstance(value, bytes) else value if isinstance(value, str) else _json(value)
    return text if len(text) <= MAX_SCALAR else "keccak256 0x" + keccak(text.encode()).hex()


def sentence(failure: Failure) -> str:
    """A failure in words."""
    if failure.ground is Ground.DATA_UNAVAILABLE:
        return f"{failure.ground.word}: {failure.note}"
    where = f" of sample {failure.sample}" if failure.sample is not None else ""
    place = f" {failure.position}" if failure.position is not None else ""
    below = f", {failure.margin / (1 << MARGIN_BITS):.4f} below the best" if failure.margin is not None else ""
    found = f"{failure.ground.word}: {failure.what}{place}{where} is {failure.got!r}, not {failure.expected!r}{below}"
    return f"{found} ({failure.note})" if failure.note else found


def _json(value: object) -> str:
    return canonical.dumps(value).decode("ascii")
