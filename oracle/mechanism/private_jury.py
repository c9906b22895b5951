"""What a juror hides and a fit needs: the sums R'R over answers, where R[j, k] says by how much list k misses answer j.

With A and c of the judgement, R = A - c 1', so that R'R holds G = sum A_j A_j', h = sum A_j c_j and sum c_j^2 at once:
on the simplex the loss is w'R'Rw. Integers in units of 2^-64 nats^2, the same as in a fit of plain answers.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from oracle.domain.errors import BadInput
from oracle.mechanism.exact_gram import gram

Misses = npt.NDArray[np.int64]


def contribution(misses: Misses) -> list[int]:
    """The number of answers, then the upper triangle of R'R by rows; misses (J, K)."""
    rows = gram(misses, misses)
    return [len(misses), *(rows[i][j] for i in range(len(rows)) for j in range(i, len(rows)))]


def length(lists: int) -> int:
    """How many integers a contribution for so many lists has."""
    return 1 + lists * (lists + 1) // 2


def sums(values: Sequence[int], lists: int) -> tuple[int, list[list[int]]]:
    """The number of answers and R'R (K lists of K integers) of summed contributions.

    Raises BadInput where they cannot be sums of squares: shares that do not belong together, or a juror who lied.
    """
    if len(values) != length(lists):
        raise BadInput(f"{len(values)} sums for {lists} lists", hint=f"There are {length(lists)}.")
    matrix = [[0] * lists for _ in range(lists)]
    rest = iter(values[1:])
    for i in range(lists):
        for j in range(i, lists):
            matrix[i][j] = matrix[j][i] = next(rest)
    possible = all(
        matrix[i][i] >= 0 and matrix[i][j] ** 2 <= matrix[i][i] * matrix[j][j] for i in range(lists) for j in range(i)
    )
    if values[0] < 1 or not possible or matrix[0][0] < 0:
        raise BadInput(
            "the combined sums are no sums of squares", hint="Shares are missing, mixed up, or a juror made them up."
        )
    return values[0], matrix
