"""Files of a private jury: a juror's three shares, a server's sum of them, and what all three servers reveal together.

A share names its server, a random id of the juror's contribution and a digest of the lists, so that sums of different
contributions or of different lists cannot be taken for one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from eth_utils.crypto import keccak

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import canonical, judgement, private_jury, shares
from oracle.mechanism.place import Place
from oracle.rounds import lists

FORMAT = "gengov/jury-share/v1"
ID_BYTES = 16
MAX_LISTS = 2_000
_KEYS = ("format", "server", "lists", "digest", "jurors", "values")


@dataclass(frozen=True, slots=True)
class Share:
    """One server's share of one juror's contribution, or of a sum of several: `jurors` are the ids of those in it."""

    server: int
    lists: tuple[str, ...]
    digest: bytes
    jurors: tuple[bytes, ...]
    values: tuple[int, ...]


def contribution(answers: Path, sources: Mapping[str, Path]) -> tuple[tuple[str, ...], bytes, list[int]]:
    """Names of the lists in order, their digest, and a juror's integers. BadInput as `judge fit` would say."""
    names = tuple(sorted(sources))
    if not 1 <= len(names) <= MAX_LISTS:
        raise BadInput(f"{len(names)} lists", hint=f"Give 1 to {MAX_LISTS}.")
    jury = lists.read_answers(answers)
    index, weights = lists.asked_index(jury), []
    for name in names:
        own = lists.read_list(sources[name], index).weights
        if absent := lists.missing(jury, own, name):
            raise absent
        weights.append(own)
    misses = judgement.misses(lists.logs(weights), jury.answers)
    return names, lists_digest(sources), private_jury.contribution(np.ascontiguousarray(misses))


def lists_digest(sources: Mapping[str, Path]) -> bytes:
    """keccak256 over names and bytes of the lists: every juror must hide answers about the same ones."""
    try:
        return canonical.digest({name: "0x" + keccak(path.read_bytes()).hex() for name, path in sources.items()})
    except OSError as error:
        raise BadInput(f"cannot read the list {error.filename}: {error.strerror}") from error


def share(
    names: tuple[str, ...], digest: bytes, values: Sequence[int], random_bits: shares.RandomBits
) -> tuple[Share, ...]:
    """The three shares of a contribution, under a fresh id."""
    juror = random_bits(8 * ID_BYTES).to_bytes(ID_BYTES, "big")
    parts = shares.split(values, random_bits)
    return tuple(Share(server, names, digest, (juror,), tuple(part)) for server, part in enumerate(parts, start=1))


def add(parts: Sequence[Share]) -> Share:
    """A server's sum. BadInput for other servers or lists among them, or a contribution that is in it twice."""
    first = _alike(parts)
    if len({part.server for part in parts}) != 1:
        raise BadInput(
            "these shares are of different servers", hint="A server that sees two can read nothing yet; keep apart."
        )
    jurors = [juror for part in parts for juror in part.jurors]
    if len(set(jurors)) != len(jurors):
        raise BadInput("a contribution would be counted twice", hint="Name every share once.")
    values = shares.add([part.values for part in parts])
    return Share(first.server, first.lists, first.digest, tuple(sorted(jurors)), tuple(values))


def combine(parts: Sequence[Share]) -> tuple[tuple[str, ...], int, list[list[int]]]:
    """Names of the lists, number of answers and R'R of all jurors.

    Raises BadInput unless the three servers summed the same contributions; Refused for a single juror, whose answers
    could be read off the sums.
    """
    first = _alike(parts)
    if sorted(part.server for part in parts) != list(range(1, shares.SERVERS + 1)):
        raise BadInput("the sums of servers 1, 2 and 3 are needed, one each", hint="Fewer, or one twice, are noise.")
    for part in parts:
        if part.jurors != first.jurors:
            raise BadInput(
                f"server {part.server} summed other contributions than server {first.server}",
                hint="Each server adds the shares of the same jurors: compare their ids.",
            )
    if len(first.jurors) < 2:
        raise Refused("the sums of one juror are that juror's answers", hint="Combine at least two contributions.")
    answers, matrix = private_jury.sums(shares.combine([part.values for part in parts]), len(first.lists))
    return first.lists, answers, matrix


def dumps(part: Share) -> bytes:
    """Canonical bytes."""
    return canonical.dumps(
        {
            "format": FORMAT,
            "server": part.server,
            "lists": part.lists,
            "digest": "0x" + part.digest.hex(),
            "jurors": ["0x" + juror.hex() for juror in part.jurors],
            "values": [f"0x{value:064x}" for value in part.values],
        }
    )


def read(path: Path) -> Share:
    """A share file. Raises BadInput naming the place of whatever is malformed."""
    try:
        top = Place(canonical.loads_canonical(path.read_bytes(), name=path.name), path.name)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    top.only(_KEYS)
    if top["format"].text(64) != FORMAT:
        top["format"].fail(FORMAT)
    names = tuple(name.text(256) for name in top["lists"].items(MAX_LISTS))
    jurors = tuple(juror.hexadecimal(ID_BYTES) for juror in top["jurors"].items(1 << 20))
    values = tuple(value.hexadecimal(32) for value in top["values"].items(private_jury.length(MAX_LISTS)))
    if list(jurors) != sorted(set(jurors)) or not jurors:
        top["jurors"].fail("ids of jurors in order, each once")
    if len(values) != private_jury.length(len(names)) or list(names) != sorted(set(names)):
        raise BadInput(f"{path.name}: {len(values)} values for {len(names)} lists", hint="Make the share again.")
    return Share(
        server=top["server"].number(shares.SERVERS, least=1),
        lists=names,
        digest=top["digest"].hexadecimal(32),
        jurors=jurors,
        values=tuple(int.from_bytes(value, "big") for value in values),
    )


def _alike(parts: Sequence[Share]) -> Share:
    if not parts:
        raise BadInput("no share to add", hint="Name at least one.")
    for part in parts:
        if (part.lists, part.digest) != (parts[0].lists, parts[0].digest):
            raise BadInput(
                "these shares are about different lists", hint="Jurors must name the same files under the same names."
            )
    return parts[0]
