"""Check a round, compute its result and payouts, and verify those that somebody posted."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import canonical
from oracle.mechanism.canonical import Json
from oracle.mechanism.payouts import largest_remainder
from oracle.rounds import document
from oracle.rounds.folder import ACCOUNT, PAYOUTS, RESULT, ROUND, Folder
from oracle.rounds.kind import Kind, Outcome, Rule, Tools
from oracle.rounds.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Round:
    """A round whose inputs are all right."""

    folder: Folder
    document: document.Document
    spec_hash: bytes
    kind: Kind
    rule: Rule
    inputs: Any


def kind_of(name: str) -> Kind:
    """The kind of this name. Raises BadInput, listing those there are."""
    if name not in KINDS:
        raise BadInput(f"{ROUND}: kind {name!r} is not known", hint=f"Use one of {', '.join(sorted(KINDS))}.")
    return KINDS[name]


def examine(folder: Folder) -> tuple[Round | None, list[BadInput]]:
    """The round, or all of its mistakes."""
    mistakes: list[BadInput] = []
    try:
        found, spec_hash = document.read(folder)
        kind = kind_of(found.kind)
        rule = document.validate(kind.rule, found.rule, f"{ROUND}: rule")
        inputs = kind.parse(folder, rule, mistakes)
    except BadInput as mistake:
        return None, [*mistakes, mistake]
    return (None, mistakes) if mistakes else (Round(folder, found, spec_hash, kind, rule, inputs), [])


def load(folder: Folder) -> Round:
    """The round. Raises BadInput with its first mistake and how many more there are."""
    found, mistakes = examine(folder)
    if found is None:
        more = f" (and {len(mistakes) - 1} more: gengov round check lists all)" if len(mistakes) > 1 else ""
        raise BadInput(mistakes[0].message + more, hint=mistakes[0].hint)
    return found


def init(folder: Folder, kind: Kind, title: str, prize: int) -> None:
    """Write a small complete round of this kind into an empty or new folder.

    Raises Refused if something is there, BadInput for a title or prize that no round can have.
    """
    if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        raise Refused(f"{folder.path} is there and not an empty folder", hint="Name a new folder.")
    given = {"format": document.FORMAT, "kind": kind.name, "title": title, "prize": prize}
    own = document.validate(document.Document, given, "the round")
    texts = {ROUND: document.text(own, kind.rule()), **kind.skeleton()}
    folder.write({name: text.encode() for name, text in texts.items()})


def post(folder: Folder, tools: Tools) -> dict[str, bytes]:
    """result.json and payouts.csv of the round's inputs, as they are to be written. Raises BadInput, Refused."""
    found = load(folder)
    return _files(found, found.kind.solve(found.inputs, found.rule, tools))


def verify(folder: Folder, tools: Tools) -> list[str]:
    """Where the posted files differ from the right ones, first difference first; empty if they are right.

    Raises BadInput for inputs with mistakes or a missing result; Refused for inputs that have no result.
    """
    found = load(folder)
    posted = {name: folder.read(name) for name in (RESULT, PAYOUTS)}
    try:
        claimed = canonical.loads(posted[RESULT], name=RESULT)
    except BadInput as error:
        return [error.message]
    given = claimed if isinstance(claimed, dict) else {}
    right = _files(found, found.kind.confirm(found.inputs, found.rule, given, tools))
    if posted == right:
        return []
    differences = compare(canonical.loads(right[RESULT]), claimed, RESULT)
    if not differences and posted[RESULT] != right[RESULT]:
        differences = [f"{RESULT}: is not in canonical form"]
    return differences + _compare_rows(right[PAYOUTS], posted[PAYOUTS])


def compare(right: Json, posted: Json, where: str) -> list[str]:
    """Every place where two JSON values differ, in the order of the right one's keys."""
    if isinstance(right, dict) and isinstance(posted, dict):
        keys = sorted(right.keys() | posted.keys())
        return [
            line
            for key in keys
            for line in (
                [f"{where}: {key} is missing"]
                if key not in posted
                else [f"{where}: {key} does not belong there"]
                if key not in right
                else compare(right[key], posted[key], f"{where}: {key}" if ":" not in where else f"{where}.{key}")
            )
        ]
    if isinstance(right, list) and isinstance(posted, list) and len(right) == len(posted):
        pairs = enumerate(zip(right, posted, strict=True))
        return [line for place, (one, other) in pairs for line in compare(one, other, f"{where}[{place}]")]
    if right == posted and type(right) is type(posted):
        return []
    return [f"{where} is {_short(posted)}, should be {_short(right)}"]


def _short(value: Json) -> str:
    shown = canonical.dumps(value).decode()
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _files(found: Round, outcome: Outcome) -> dict[str, bytes]:
    strange = [account for account in outcome.shares if not ACCOUNT.fullmatch(account)]
    if strange:
        raise BadInput(f"{strange[0]} is not an account that can be paid", hint="Name it by its address.")
    paid = largest_remainder(outcome.shares, found.document.prize) if outcome.shares else {}
    whole: Mapping[str, Json] = {
        **outcome.result,
        "format": document.FORMAT,
        "kind": found.kind.name,
        "inputs": "0x" + found.folder.inputs_root.hex(),
        "spec": "0x" + found.spec_hash.hex(),
        "paid": sum(paid.values()),
    }
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(("account", "amount"))
    rows.writerows((account, paid[account]) for account in sorted(paid))
    return {RESULT: canonical.dumps(whole) + b"\n", PAYOUTS: buffer.getvalue().encode()}


def _compare_rows(right: bytes, posted: bytes) -> list[str]:
    ours, theirs = right.decode().split("\n"), posted.decode(errors="replace").split("\n")
    found = [
        f"{PAYOUTS}, row {row}: is {mine_not!r}, should be {mine!r}"
        for row, (mine, mine_not) in enumerate(zip(ours, theirs, strict=False), 1)
        if mine != mine_not
    ]
    if len(ours) != len(theirs):
        found.append(f"{PAYOUTS}: has {len(theirs) - 1} rows, should have {len(ours) - 1}")
    return found
