"""Writes reference_logits.npz: logits of the reference models by transformers in float64 (needs the `train` extra).

Use: python -m tests.data.make_reference_logits
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from tests.support.tiny_llama import REFERENCE_MODELS, REFERENCE_TOKENS, build_tiny_llama


def main() -> None:
    logits = {}
    for name, changes in REFERENCE_MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            build_tiny_llama(Path(folder), **changes)
            model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager")
        with torch.no_grad():
            logits[name] = model(torch.tensor([REFERENCE_TOKENS])).logits[0, -4:].numpy()
    np.savez_compressed(Path(__file__).with_name("reference_logits.npz"), **logits)


if __name__ == "__main__":
    main()
