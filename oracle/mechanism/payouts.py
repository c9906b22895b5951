"""Whole amounts by shares, by largest remainder: integers that sum to the prize exactly, the same for everyone."""

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

from oracle.domain.errors import BadInput


def largest_remainder(shares: Mapping[str, int | Fraction], amount: int) -> dict[str, int]:
    """`amount` split in proportion to `shares`: each gets the floor of its quota, then one more by largest remainder.

    Ties go to the smaller key (by code points). Keys keep their order. The result sums to `amount`, and each part is
    within one of its quota. Raises BadInput for an empty or zero total, a negative share or amount, or a float.
    """
    if amount < 0:
        raise BadInput(f"the amount {amount} is negative", hint="Give an amount of at least 0 in base units.")
    for key, share in shares.items():
        if not isinstance(share, int | Fraction):
            raise BadInput(f"the share of {key} is not exact: {share!r}", hint="Give integers or fractions.")
        if share < 0:
            raise BadInput(f"the share of {key} is negative: {share}", hint="Shares are 0 or above.")
    scale = lcm(*(share.denominator for share in shares.values()))
    whole = {key: share.numerator * (scale // share.denominator) for key, share in shares.items()}
    total = sum(whole.values())
    if total == 0:
        raise BadInput("all shares are 0: there is nobody to pay", hint="Give at least one share above 0.")
    quotas = {key: divmod(share * amount, total) for key, share in whole.items()}
    left = amount - sum(floor for floor, _ in quotas.values())
    first = sorted(quotas, key=lambda key: (-quotas[key][1], key))[:left]
    paid = {key: floor for key, (floor, _) in quotas.items()}
    for key in first:
        paid[key] += 1
    return paid
