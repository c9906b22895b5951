"""Makes the small model that ships: tokenizer, training (resumable) and the Hugging Face folder.

Use: python -m scripts.train_model --run FOLDER [--steps N] [--export FOLDER]
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from torch.nn.functional import log_softmax

from oracle.domain.prompt import Prompt
from scripts.training.examples import Batch, batches, groups
from scripts.training.network import Llama, Shape
from scripts.training.worlds import simple

END = "<|end|>"
VOCAB = 700
EVAL_SEED, DATA_SEED = 7, 1000
SAVE_SECONDS = 60
PROMPT_WEIGHT = 0.05  # prompts are drawn at random: reading them well helps, guessing them does not


def make_tokenizer(seed: int = 3, prompts: int = 20_000, vocab: int = VOCAB) -> Tokenizer:
    """Byte-level BPE of `vocab` tokens learned from generated text; digits stay single so that figures are copied."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=24,
        show_progress=False,
    )
    texts = (
        text
        for prompt, answers in islice(groups(seed), prompts)
        for text in (prompt, *(answer for answer, _ in answers[:2]))
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def losses_of(network: Llama, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean cross entropy in nats of the answers' tokens, and of the prompts'."""
    inputs = [torch.from_numpy(part) for part in (batch.tokens, batch.positions, batch.segments, batch.sources)]
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(*inputs)
    rows, choices, weights = (torch.from_numpy(part) for part in (batch.rows, batch.choices, batch.weights))
    losses = -weights * log_softmax(logits.float(), dim=-1)[rows, choices]
    answers = losses[rows < batch.scored].sum() / batch.scored
    return answers, losses[rows >= batch.scored].sum() / max(1, len(batch.sources) - batch.scored)


def rate(step: int, steps: int, peak: float) -> float:
    """Learning rate: 200 steps of warming up, level, then down to zero in a line over the last third."""
    return peak * min(1.0, (step + 1) / 200, max(0.0, (steps - step) / (steps / 3)))


class Run:
    """A training run in a folder: its state can be saved and taken up again at any step."""

    def __init__(
        self,
        folder: Path,
        steps: int,
        size: int,
        peak: float,
        simple_until: int = 0,
        *,
        seed: int = 0,
        shape: Shape | None = None,
    ) -> None:
        shape = shape or Shape()
        self.folder, self.steps, self.size, self.peak, self.seed = folder, steps, size, peak, seed
        self.simple_until = simple_until
        folder.mkdir(parents=True, exist_ok=True)
        words = folder / "tokenizer.json"
        if not words.exists():
            make_tokenizer(3 + seed, vocab=shape.vocab).save(str(words))
        self.tokenizer = Tokenizer.from_file(str(words))
        self.end: int = self.tokenizer.encode(END).ids[0]
        torch.manual_seed(seed)
        self.network = Llama(replace(shape, vocab=self.tokenizer.get_vocab_size()))
        self.smooth = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        plain = [tensor for tensor in self.network.parameters() if tensor.dim() < 2]
        matrices = [tensor for tensor in self.network.parameters() if tensor.dim() >= 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
            lr=peak, betas=(0.9, 0.98), fused=True,
        )  # fmt: skip
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self._load()

    def train(self) -> None:
        """Trains to `steps`, writing a line to log.jsonl every 100 steps."""
        stream = self._stream(simple if self.step < self.simple_until else None)
        held = list(islice(batches(EVAL_SEED, self.tokenizer, self.end, 32, pool=4), 4))
        began, saved, total = time.monotonic() - self.seconds, time.monotonic(), 0.0
        while self.step < self.steps:
            if self.step == self.simple_until:
                stream = self._stream(None)
            total += self._update(next(stream))
            self.seconds = time.monotonic() - began
            if self.step % 100 == 0:
                self._log(total / 100, self._evaluate(held) if self.step % 500 == 0 else None)
                total = 0.0
            if time.monotonic() - saved > SAVE_SECONDS or self.step == self.steps:
                self._save()
                saved = time.monotonic()

    def export(self, target: Path) -> None:
        """Writes the Hugging Face folder with the smoothed weights in bfloat16."""
        target.mkdir(parents=True, exist_ok=True)
        shape = self.network.shape
        config = {**shape.config(self.end), "dtype": "bfloat16"}
        generation = {"eos_token_id": self.end, "pad_token_id": self.end, "do_sample": True, "temperature": 1.0}
        tokenizer_config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "pad_token": END}
        for name, content in (
            ("config.json", config),
            ("generation_config.json", generation),
            ("tokenizer_config.json", {**tokenizer_config, "model_max_length": shape.context}),
        ):
            (target / name).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
        self.tokenizer.save(str(target / "tokenizer.json"))
        weights = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in self.smooth.items()}
        save_file(weights, str(target / "model.safetensors"), metadata={"format": "pt"})

    def _stream(self, cut: Callable[[Prompt], Prompt] | None) -> Iterator[Batch]:
        return batches(DATA_SEED * (1 + self.seed) + self.step, self.tokenizer, self.end, self.size, cut=cut)

    def _update(self, batch: Batch) -> float:
        lr = rate(self.step, self.steps, self.peak)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        loss, prompts = losses_of(self.network, batch)
        (loss + PROMPT_WEIGHT * prompts).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += int((batch.segments >= 0).sum())
        keep = min(0.998, self.step / (self.step + 10))
        for name, tensor in self.network.state_dict().items():
            self.smooth[name].lerp_(tensor, 1 - keep)
        return float(loss.item())

    @torch.no_grad()
    def _evaluate(self, held: list[Batch]) -> float:
        current = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.network.load_state_dict(self.smooth)
        losses = [losses_of(self.network, batch)[0].item() for batch in held]
        self.network.load_state_dict(current)
        return float(sum(losses) / len(losses))

    def _log(self, loss: float, held: float | None) -> None:
        line = {"step": self.step, "loss": round(loss, 4), "tokens": self.tokens, "seconds": round(self.seconds)}
        if held is not None:
            line["held_out"] = round(held, 4)
        if not math.isfinite(loss):
            raise RuntimeError(f"the loss is {loss} at step {self.step}: lower the learning rate")
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(), "smooth": self.smooth,
            "step": self.step, "tokens": self.tokens, "seconds": self.seconds,
        }  # fmt: skip
        torch.save(state, self.folder / "state.new")
        os.replace(self.folder / "state.new", self.folder / "state.pt")

    def _load(self) -> None:
        if not (self.folder / "state.pt").exists():
            return
        state = torch.load(self.folder / "state.pt", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.smooth = state["smooth"]
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]


def main() -> None:
    """Command line: trains up to --steps (0: not at all), then exports if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the run's state and log")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=16, help="prompts a step, four answers each")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--simple", type=int, default=600, help="use short prompts up to this step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of weights, tokenizer and data")
    for field in ("vocab", "hidden", "layers", "heads", "inner"):
        parser.add_argument(f"--{field}", type=int, default=getattr(Shape(), field), help="of the network")
    parser.add_argument("--export", type=Path, help="write the Hugging Face folder here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    shape = Shape(options.vocab, options.hidden, options.layers, options.heads, options.inner)
    run = Run(options.run, options.steps, options.batch, options.rate, options.simple, seed=options.seed, shape=shape)
    run.train()
    if options.export:
        run.export(options.export)


if __name__ == "__main__":
    main()
