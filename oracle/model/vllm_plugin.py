"""The logits processor that puts the rule into vLLM, in process or in `vllm serve`; see `oracle/README.md`.

Load it with `--logits-processors oracle.model.vllm_plugin:GengovProcessor --no-async-scheduling`, with
VLLM_USE_V2_MODEL_RUNNER=0 in the environment: this is the V1 interface, which every platform of this version has.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from vllm import SamplingParams
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor, process_dict_updates

from oracle.model import forcing
from oracle.model.noise_rows import NoiseRows, Row
from oracle.model.vllm_version import require_version

if TYPE_CHECKING:
    from vllm.config import VllmConfig

_CLASSES = {torch.float32: "F", torch.bfloat16: "B", torch.float16: "B"}


class GengovProcessor(LogitsProcessor):
    """Leaves one finite logit per request that carries an order: the token that the rule takes.

    Decoding is greedy, so that this token is taken whatever the engine's own noise is. In a check the rule's token has
    minus its margin as logit, which `logprobs_mode=processed_logits` returns. Requests without an order pass.
    """

    def __init__(self, vllm_config: "VllmConfig", device: torch.device, is_pin_memory: bool) -> None:
        require_version()
        if vllm_config.scheduler_config.async_scheduling:
            raise ValueError("gengov's processor must see each token before the next: add --no-async-scheduling")
        model = vllm_config.model_config
        self._rows = NoiseRows(Path(model.model), _CLASSES[model.dtype])
        self._requests: dict[int, Row] = {}

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """ValueError (to the client: 400) for an order of another version, or one that is not decoded greedily."""
        if (order := _order(sampling_params)) is None:
            return
        forcing.loads(order)
        if sampling_params.temperature != 0:
            raise ValueError(f"{forcing.ARGUMENT}: the order holds the temperature; the request must have 0")

    def is_argmax_invariant(self) -> bool:
        """It decides the argmax."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Follow requests as they join, leave and move within the batch."""
        process_dict_updates(self._requests, batch_update, self._row)

    def _row(self, params: SamplingParams, prompt: list[int] | None, output: list[int]) -> Row | None:
        order = _order(params)
        return None if order is None else self._rows.row(forcing.loads(order), output)

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits (requests, vocab), changed in place."""
        if not self._requests:
            return logits
        numbers, rows = zip(*self._requests.items(), strict=True)
        index = torch.tensor(numbers, device=logits.device)
        choices = self._rows.choose(rows, logits[index].to("cpu", torch.float32).numpy())
        changed = np.full((len(rows), logits.shape[1]), -np.inf, dtype=np.float32)
        for row, choice in zip(changed, choices, strict=True):
            row[choice.drawn] = forcing.margin_value(choice.margin)
            row[choice.token] = forcing.CHOSEN
        logits[index] = torch.from_numpy(changed).to(logits.device, logits.dtype)
        return logits


def _order(params: SamplingParams) -> object | None:
    return (params.extra_args or {}).get(forcing.ARGUMENT)
