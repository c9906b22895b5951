"""Training: resumable, its export is a Hugging Face Llama, and answers to one prompt do not see each other.

Needs the extra `train` (torch, transformers), which the project's own environment leaves out.
"""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer  # noqa: E402

from scripts import train_model  # noqa: E402
from scripts.training.examples import ANSWERS, Batch, batches  # noqa: E402
from scripts.training.network import Llama, Shape  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with a tokenizer learned from few prompts."""
    path = tmp_path_factory.mktemp("run")
    train_model.make_tokenizer(prompts=300).save(str(path / "tokenizer.json"))
    return path


def a_batch(folder: Path, size: int = 2) -> Batch:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return next(batches(1, tokenizer, 0, size, pool=1))


def logits(network: Llama, batch: Batch) -> torch.Tensor:
    parts = (batch.tokens, batch.positions, batch.segments, batch.sources)
    with torch.no_grad():
        return network(*[torch.from_numpy(part) for part in parts])


def plain_batch(tokens: np.ndarray, positions: np.ndarray, segments: np.ndarray, sources: np.ndarray) -> Batch:
    """A batch that is only read, with nothing to score."""
    none = np.zeros(0, np.int64)
    return Batch(tokens, positions, segments, sources, none, none, none.astype(np.float32), 0)


def test_a_run_can_be_stopped_and_taken_up_again(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    train_model.Run(tmp_path, 3, 2, 1e-3).train()
    again = train_model.Run(tmp_path, 5, 2, 1e-3)
    assert again.step == 3
    again.train()
    assert train_model.Run(tmp_path, 5, 2, 1e-3).step == 5


def test_the_learning_rate_warms_up_stays_and_falls_to_nothing() -> None:
    rates = [train_model.rate(step, 3000, 1.0) for step in (0, 199, 1000, 2000, 2500, 3000)]
    assert rates == [1 / 200, 1.0, 1.0, 1.0, 0.5, 0.0]


def test_the_export_is_the_llama_that_transformers_knows(folder: Path, tmp_path: Path) -> None:
    run = train_model.Run(folder, 0, 2, 1e-3)
    run.export(tmp_path)
    network = Llama(run.network.shape)
    network.load_state_dict({name: tensor.bfloat16().float() for name, tensor in run.smooth.items()})
    reference = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    ids = torch.arange(5, 60)[None]
    plain = plain_batch(ids.numpy(), np.arange(55)[None], np.zeros((1, 55), np.int64), np.arange(55))
    with torch.no_grad():
        assert torch.allclose(reference(ids).logits[0], logits(network, plain), atol=1e-4)
    assert json.loads((tmp_path / "config.json").read_text())["eos_token_id"] == run.end == 0


def test_an_answer_is_scored_as_if_it_were_alone(folder: Path) -> None:
    network = Llama(Shape())
    together = a_batch(folder, 1)
    found = logits(network, together)
    prompt = int((together.segments == 0).sum())
    start = 0
    for segment in range(1, ANSWERS + 1):
        own = together.segments[0] == segment
        keep = (together.segments[0] == 0) | own
        length = int(own.sum()) + 1
        alone = plain_batch(
            together.tokens[:, keep],
            together.positions[:, keep],
            np.where(together.segments[:, keep] > 0, 1, 0),
            np.arange(prompt - 1, prompt + length - 1),
        )
        assert torch.allclose(logits(network, alone), found[start : start + length], atol=1e-4)
        start += length


def test_a_batch_holds_every_answer_to_its_end_mark(folder: Path) -> None:
    batch = a_batch(folder, 3)
    ends = batch.weights[(batch.choices == 0) & (batch.rows < batch.scored)]
    assert ends.sum() == pytest.approx(3 * ANSWERS)
    assert set(np.unique(batch.segments)) <= set(range(-1, ANSWERS + 1))


def test_what_should_follow_is_a_distribution_of_more_than_the_drawn_token(folder: Path) -> None:
    batch = a_batch(folder, 8)
    totals = np.bincount(batch.rows, batch.weights, minlength=len(batch.sources))
    assert np.allclose(totals, 1)
    assert len(batch.rows) > len(batch.sources)


def test_digits_stay_single_tokens(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert [part for part in tokenizer.encode('"ask":98000,').tokens if part.isdigit()] == list("98000")


def test_the_same_seed_gives_the_same_batches(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    one, two = (list(islice(batches(3, tokenizer, 0, 2, pool=2), 3)) for _ in range(2))
    assert all(np.array_equal(a.tokens, b.tokens) for a, b in zip(one, two, strict=True))
