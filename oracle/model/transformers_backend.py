"""Logits by Hugging Face transformers, for calibration beside the embedded engine: an optional library, loaded late."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from oracle.domain.errors import Refused
from oracle.model.backends import Answers, Backend, Logits
from oracle.model.numerics import Tokens

INSTALL = (
    "python -m venv .venv-peers && .venv-peers/bin/pip install -c constraints-peers.txt -e '.[peers]', "
    "then run .venv-peers/bin/gengov"
)
_ROWS = 25


def available() -> str | None:
    """None if torch and transformers are installed beside this program, else what is missing."""
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else None


class TransformersBackend:
    """One model in one dtype, attention, device and thread count; 25 answers side by side, padded, without a cache."""

    def __init__(self, model: Any, name: str, numeric_class: str, threads: int) -> None:
        self._model, self.name, self.numeric_class, self._threads = model, name, numeric_class, threads

    def logits(self, prompt: Tokens, answers: Answers) -> list[Logits]:
        """See `backends.Backend`."""
        import torch

        torch.set_num_threads(self._threads)
        found: list[Logits] = []
        for start in range(0, len(answers), _ROWS):
            group = answers[start : start + _ROWS]
            width = prompt.size + max(answer.size for answer in group)
            ids = np.zeros((len(group), width), dtype=np.int64)
            for row, answer in zip(ids, group, strict=True):
                row[: prompt.size], row[prompt.size : prompt.size + answer.size] = prompt, answer
            # What is padded stands behind everything that counts, where causal attention does not look.
            with torch.inference_mode():
                inputs = torch.from_numpy(ids).to(self._model.device)
                rows = self._model(inputs, use_cache=False).logits[:, prompt.size - 1 : -1].double().cpu().numpy()
            found += [row[: answer.size] for row, answer in zip(rows, group, strict=True)]
        return found


def transformers_backends(model_dir: Path) -> list[Backend]:
    """fp32 with both attention paths and thread counts, bf16, and the same on a GPU where there is one.

    Raises Refused where the library cannot load the folder.
    """
    import torch

    cells = [("fp32", "sdpa", "cpu", 1), ("fp32", "eager", "cpu", 2), ("bf16", "sdpa", "cpu", 1)]
    cells += [("bf16", "eager", "cpu", 2)]
    if torch.cuda.is_available():
        cells += [(dtype, attention, "cuda", 1) for dtype in ("fp32", "bf16") for attention in ("sdpa", "eager")]
    return [_load(model_dir, *cell) for cell in cells]


def _load(model_dir: Path, dtype: str, attention: str, device: str, threads: int) -> Backend:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # ours is there already
    kinds = {"fp32": (torch.float32, "F"), "bf16": (torch.bfloat16, "B")}
    kind, numeric_class = kinds[dtype]
    try:
        model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=kind, attn_implementation=attention)
    except Exception as error:  # the library raises whatever its parts raise
        raise Refused(
            f"transformers cannot load {model_dir}: {error}", hint="Leave it out: name other engines with --engine."
        ) from error
    threading = "" if device == "cuda" or threads == 1 else f", {threads} threads"
    name = f"transformers {dtype}, {attention}, {device}{threading}"
    return TransformersBackend(model.eval().to(device), name, numeric_class, threads)
