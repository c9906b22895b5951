"""A second median, written from the formulas alone with plain loops over Python integers, to hold the first against."""

import re
import unicodedata
from fractions import Fraction

Q = 2**20


def words(text):
    return re.findall("[a-z0-9]+", unicodedata.normalize("NFKC", text).casefold())


def amount_distance(a, b):
    return 0 if a == b == 0 else Q - Q * min(a, b) // max(a, b)


def map_distance(a, b):
    shared = sum(min(a.get(key, 0), b.get(key, 0)) for key in set(a) | set(b))
    union = sum(a.values()) + sum(b.values()) - shared
    return Q * (union - shared) // union if union else 0


def set_distance(a, b):
    a, b = ({x} if isinstance(x, str) else set(x) for x in (a, b))
    return Q * (len(a | b) - len(a & b)) // len(a | b) if a | b else 0


def text_distance(s, t):
    a, b = words(s), words(t)
    row = [0] * (len(b) + 1)
    for x in a:
        previous = row
        row = [0]
        for place, y in enumerate(b):
            row.append(previous[place] + 1 if x == y else max(previous[place + 1], row[place]))
    union = len(a) + len(b) - row[-1]
    return Q * (union - row[-1]) // union if union else 0


FIELD = {"amount": amount_distance, "map": map_distance, "set": set_distance, "text": text_distance}


def distance(x, y, rules):
    if x.action != y.action:
        return Q
    fields = rules[x.action]
    if not fields:
        return 0
    total = sum(rule.weight * FIELD[rule.kind](x.fields[rule.name], y.fields[rule.name]) for rule in fields)
    return total // (2 * sum(rule.weight for rule in fields))


def select(samples, rules):
    """(pick, gamma, dispersion) by the letter; None if no sample is valid."""
    valid = [sample for sample in samples if sample.payload is not None]
    if not valid:
        return None
    total = {x.index: sum(distance(x.payload, y.payload, rules) for y in valid) for x in valid}
    first = min(valid, key=lambda x: (total[x.index], x.index))
    copies = [x for x in valid if x.payload == first.payload]
    pick = min(copies, key=lambda x: (sum(text_distance(x.rationale, y.rationale) for y in copies), x.index))
    m = len(valid)
    rivals = [total[x.index] for x in valid if x.payload.action != pick.payload.action] or [m * Q]
    gamma = Fraction(min(rivals) - total[pick.index], m * Q)
    dispersion = Fraction(total[pick.index], (m - 1) * Q) if m > 1 else Fraction(0)
    return pick.index, gamma, dispersion
