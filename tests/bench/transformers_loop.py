"""A plain `transformers` generate loop on the same folder and prompt, timed; prints JSON. Needs the `train` extra.

Use: python -m tests.bench.transformers_loop FOLDER SAMPLES TOKENS REPEATS THREADS < prompt-ids.json
"""

import json
import sys
import time

import torch
from transformers import LlamaForCausalLM


def main(folder: str, samples: str, tokens: str, repeats: str, threads: str) -> None:
    """Best of some runs: `samples` sequences of exactly `tokens` new tokens at temperature 1, in fp32, no grammar."""
    torch.set_num_threads(int(threads))
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    prompt = torch.tensor([json.load(sys.stdin)] * int(samples))
    options = {"max_new_tokens": int(tokens), "min_new_tokens": int(tokens), "top_k": 0, "top_p": 1.0}
    best = (float("inf"), 0.0)
    for _ in range(int(repeats)):
        wall, processor = time.perf_counter(), time.process_time()
        with torch.inference_mode():
            drawn = model.generate(
                prompt, attention_mask=torch.ones_like(prompt), do_sample=True, pad_token_id=0, **options
            )
        best = min(best, (time.perf_counter() - wall, time.process_time() - processor))
        assert drawn.shape == (int(samples), prompt.shape[1] + int(tokens))
    json.dump({"seconds": best[0], "processor": best[1]}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
