"""Additive secret sharing among three: any two shares are uniform noise, all three sum to the secret modulo 2^256.

The modulus is one word of the chain's machine. Integers of either sign below 2^255 are residues; sums of secrets are
sums of shares, so servers that only add never see one.
"""

from collections.abc import Callable, Iterable, Sequence

from oracle.domain.errors import BadInput

SERVERS = 3
BITS = 256
MODULUS = 1 << BITS
RandomBits = Callable[[int], int]
"""Uniform integers of so many bits, such as `secrets.randbits`: whoever can guess them can read the secret."""


def split(values: Sequence[int], random_bits: RandomBits) -> tuple[list[int], list[int], list[int]]:
    """Three shares of each integer: two of noise, and what is missing to the secret. BadInput for |value| >= 2^255."""
    for value in values:
        if abs(value) >= MODULUS // 2:
            raise BadInput(f"an integer of {value.bit_length()} bits cannot be shared", hint="At most 255 bits.")
    first, second = _noise(len(values), random_bits), _noise(len(values), random_bits)
    third = [(value - a - b) % MODULUS for value, a, b in zip(values, first, second, strict=True)]
    return first, second, third


def _noise(count: int, random_bits: RandomBits) -> list[int]:
    """Uniform residues, drawn at once: one question to the operating system, not one per integer."""
    size = BITS // 8
    raw = random_bits(BITS * count).to_bytes(size * count, "big")
    return [int.from_bytes(raw[at : at + size], "big") for at in range(0, len(raw), size)]


def add(shares: Iterable[Sequence[int]]) -> list[int]:
    """What one server does: the sum of its shares of all secrets, entry by entry. BadInput where lengths differ."""
    total: list[int] | None = None
    for share in shares:
        if total is not None and len(share) != len(total):
            raise BadInput(f"a share of {len(share)} integers among shares of {len(total)}")
        total = list(share) if total is None else [(a + b) % MODULUS for a, b in zip(total, share, strict=True)]
    if total is None:
        raise BadInput("no share to add", hint="Name at least one.")
    return total


def combine(sums: Sequence[Sequence[int]]) -> list[int]:
    """The secret integers (or their sums) of all three servers. BadInput for other than three, or other lengths."""
    if len(sums) != SERVERS:
        raise BadInput(f"{len(sums)} shares, all {SERVERS} are needed", hint="Fewer are noise.")
    return [value - MODULUS if value >= MODULUS // 2 else value for value in add(sums)]
