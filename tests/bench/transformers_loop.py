"""A plain `transformers` generate loop on the same folder and prompt, timed; prints JSON. Needs the `train` extra."""

from typing import Any

import torch
from transformers import LlamaForCausalLM

from tests.bench.harness import answer, timed


def generate(question: dict[str, Any]) -> dict[str, Any]:
    """Seconds for `samples` sequences of exactly `tokens` new tokens at temperature 1, in fp32, no grammar."""
    torch.set_num_threads(question["threads"])
    samples, tokens = question["samples"], question["tokens"]
    model = LlamaForCausalLM.from_pretrained(question["folder"], dtype=torch.float32).eval()
    prompt = torch.tensor([question["prompt"]] * samples)
    options = {"max_new_tokens": tokens, "min_new_tokens": tokens, "top_k": 0, "top_p": 1.0}

    def draw() -> torch.Tensor:
        with torch.inference_mode():
            return model.generate(
                prompt, attention_mask=torch.ones_like(prompt), do_sample=True, pad_token_id=0, **options
            )

    timing = timed(draw, question["repeats"], warm=0)
    assert timing.result.shape == (samples, prompt.shape[1] + tokens)
    return {"seconds": timing.least, "tokens": samples * tokens}


if __name__ == "__main__":
    answer(generate)
