from pathlib import Path

import pytest

from oracle.domain.errors import BadInput
from oracle.prompts.request import CandidateRequest, PromptRequest, read

WHOLE = """
objective = "results"
budget = 20
advice = "Mind the winter."

[[candidates]]
title = "Library"
address = "0x1111111111111111111111111111111111111111"
ask = 5
done = 9
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "request.toml"


def test_request_is_read_with_defaults(file: Path) -> None:
    file.write_text(WHOLE)
    assert read(file) == PromptRequest(
        objective="results",
        source="mint",
        budget=20,
        candidates=(CandidateRequest(title="Library", address="0x" + "11" * 20, ask=5, done=9, late=0),),
        advice="Mind the winter.",
    )


def test_every_mistake_is_named_at_once(file: Path) -> None:
    file.write_text(WHOLE.replace("ask = 5", "ask = -5").replace("budget = 20", 'budget = "much"') + "colour = 3\n")
    with pytest.raises(BadInput) as caught:
        read(file)
    for place in ("budget", "candidates.0.ask", "candidates.0.colour"):
        assert place in caught.value.message


@pytest.mark.parametrize(("content", "reason"), [(b"objective =", "not TOML"), (b"\xff", "not TOML")])
def test_file_that_is_no_toml_is_named(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    with pytest.raises(BadInput, match=reason):
        read(file)


def test_missing_file_is_named(file: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read(file)
