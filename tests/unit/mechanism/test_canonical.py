"""Canonical JSON: one byte string for one value."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import BadInput
from oracle.mechanism import canonical

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**256), 2**256) | st.text(st.characters(blacklist_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcZ09 é", max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(values)
def test_a_value_survives_the_way_to_bytes_and_back(value: canonical.Json) -> None:
    assert canonical.loads_canonical(canonical.dumps(value)) == value


@settings(deadline=None)
@given(values)
def test_bytes_are_ascii_and_what_the_standard_library_reads(value: canonical.Json) -> None:
    data = canonical.dumps(value)
    assert max(data, default=0) < 128
    assert json.loads(data) == value


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1), st.integers(), min_size=2))
def test_the_order_of_keys_in_the_value_does_not_matter(value: dict[str, canonical.Json]) -> None:
    assert canonical.dumps(dict(reversed(value.items()))) == canonical.dumps(value)


def test_keys_are_sorted_and_no_space_is_written() -> None:
    assert canonical.dumps({"b": [1, True, None], "a": "é"}) == b'{"a":"\\u00e9","b":[1,true,null]}'


def test_equal_documents_have_one_digest() -> None:
    assert canonical.digest({"a": 1, "b": 2}) == canonical.digest({"b": 2, "a": 1})
    assert len(canonical.digest({})) == 32


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b'{"a":1.5}', "1.5 is not an integer"),
        (b'{"a":1e3}', "1e3 is not an integer"),
        (b'{"a":NaN}', "NaN is not an integer"),
        (b'{"a":-Infinity}', "-Infinity is not an integer"),
        (b'{"a":1,"a":2}', "'a' appears twice"),
        (b'{"a":', "line 1, column 6"),
        (b'{"a":1}x', "Extra data"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b"[" * 40 + b"]" * 40, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"\\ud800"', "lone surrogate"),
        (b'{"\\ud800":1}', "lone surrogate"),
        (b"9" * 5000, "too many digits"),
        (b"", "line 1, column 1"),
    ],
)
def test_what_readers_could_understand_differently_is_refused(text: bytes, names: str) -> None:
    with pytest.raises(BadInput, match=r"plan\.json|nested|surrogate") as caught:
        canonical.loads(text, name="plan.json")
    assert names in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", [b'{"a": 1}', b'{"b":1,"a":2}', b'"\xc3\xa9"', b" 1", b"1\n", b'"\\u0061"', b"-0"])
def test_the_canonical_reader_takes_canonical_bytes_only(text: bytes) -> None:
    canonical.loads(text)
    with pytest.raises(BadInput, match="not in canonical form"):
        canonical.loads_canonical(text)


@pytest.mark.parametrize(
    "value", [1.0, {"a": float("nan")}, [b"bytes"], 10**78, -(10**78), {1: 2}, {"a": {None: 1}}, {"a": "\ud800"}]
)
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(BadInput):
        canonical.dumps(value)


def test_a_refused_value_is_named_by_its_place() -> None:
    with pytest.raises(BadInput, match=r"\$\.funds\[1\]\.amount"):
        canonical.dumps({"funds": [{"amount": 1}, {"amount": 0.5}]})
