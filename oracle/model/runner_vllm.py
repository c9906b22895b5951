"""vLLM in this process, behind the same port: our noise and grammar by a logits processor, decoding greedy."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from oracle.domain.errors import Unreachable
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck
from oracle.model import forcing, vllm_version
from oracle.model.options import DEFAULT, EngineOptions
from oracle.model.request import check_class, check_request
from oracle.model.text import ModelText
from oracle.ports.model import Progress

PROCESSOR = "oracle.model.vllm_plugin:GengovProcessor"
CLASSES = {"float32": "F", "bfloat16": "B"}
CHECKED_TOGETHER = 256
_CPU_MEMORY = 1 << 30
_CPU_BLOCK = 32

ENVIRONMENT = {
    "VLLM_USE_V2_MODEL_RUNNER": "0",  # the interface of the processor: there is no other without Triton
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",  # the committed folder is all there is
}

CLIENT_ONLY = {"skip_tokenizer_init"}
"""Arguments of the engine in process that a server must not have: it reads texts too."""


def available() -> str | None:
    """Why vLLM cannot run here, or None."""
    return vllm_version.unavailable()


def open_runner(model_dir: Path, name: str, options: EngineOptions) -> "VllmRunner":
    """The runner of the engine `vllm`."""
    return VllmRunner(model_dir, options)


def engine_arguments(model_dir: Path, context: int, options: EngineOptions, *, cpu: bool) -> dict[str, Any]:
    """The arguments of vLLM's engine for a model folder; `cpu` tells whether this machine has no GPU.

    A step takes tokens of all samples at once; a CPU's blocks of keys must be multiples of 32 tokens.
    """
    arguments: dict[str, Any] = {
        "model": str(model_dir),
        "skip_tokenizer_init": True,
        "dtype": options.dtype,
        "max_model_len": context,
        "max_num_batched_tokens": max(options.batched_tokens, _CPU_BLOCK),
        "enable_prefix_caching": True,
        "enable_chunked_prefill": True,
        "async_scheduling": False,
        "logits_processors": [PROCESSOR],
        "logprobs_mode": "processed_logits",
        "max_logprobs": 2,
        "generation_config": "vllm",
        "disable_log_stats": True,
        "tensor_parallel_size": options.tensor_parallel,
        "pipeline_parallel_size": options.pipeline_parallel,
    }
    if options.executor is not None:
        arguments["distributed_executor_backend"] = options.executor
    if cpu:
        arguments |= {"block_size": _CPU_BLOCK, "enforce_eager": True, "kv_cache_memory_bytes": _CPU_MEMORY}
    if options.memory is not None:
        arguments["kv_cache_memory_bytes"] = int(options.memory * (1 << 30))
    return arguments


class VllmRunner:
    """A `ModelRunner` on vLLM. Class F in fp32, class B in bfloat16.

    Raises Refused if vLLM is missing or of another version, Unreachable if it cannot start here.
    `logits_hash` stays empty: the logits do not leave the engine.
    """

    logits_hash = b""

    def __init__(self, model_dir: Path, options: EngineOptions = DEFAULT) -> None:
        vllm_version.require_version()
        self.name, self.model_dir = f"vllm:{model_dir.name}", model_dir
        self.numeric_class = CLASSES[options.dtype]
        self._text = ModelText(model_dir)
        self._engine = _start(model_dir, self._text.context, options)
        self._requests = 0

    def generate(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        indices: Sequence[int],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> list[RawSample]:
        """One sample per noise index; see the port."""
        check_request(seed, indices, sampler)
        prompt, grammar = self._text.prompt(prompt_text, sampler.max_tokens), self._text.grammar(schema)
        room = min(sampler.max_tokens + 1, self._text.context - len(prompt))  # one more for what ends the answer
        orders = [forcing.draw_order(schema, seed, index, sampler) for index in indices]
        outputs = self._run(prompt, [(order, room, False) for order in orders], progress)
        return [
            forcing.finish(self._text, grammar, index, output.token_ids, sampler)
            for index, output in zip(indices, outputs, strict=True)
        ]

    def check(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        samples: Sequence[RawSample],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> Iterator[SampleCheck]:
        """One result per sample; see the port. Costs as much as drawing them: a step for each place of an answer."""
        check_class(self.name, self.numeric_class, sampler)
        check_request(seed, [sample.index for sample in samples], sampler)
        prompt, grammar = self._text.prompt(prompt_text, sampler.max_tokens), self._text.grammar(schema)
        claims = (forcing.claim(self._text, grammar, sample, sampler) for sample in list(samples))
        return self._check(prompt, schema, seed, claims, sampler, progress)

    def _check(
        self,
        prompt: list[int],
        schema: dict[str, object],
        seed: bytes,
        claims: Iterator[forcing.Claim],
        sampler: Sampler,
        progress: Progress | None,
    ) -> Iterator[SampleCheck]:
        tokens = samples = 0
        while batch := list(islice(claims, CHECKED_TOGETHER)):
            orders = [(claim.order(schema, seed, sampler), claim.places, True) for claim in batch]
            for claim, output in zip(batch, self._run(prompt, orders, None), strict=True):
                tokens, samples = tokens + claim.places, samples + 1
                if progress:
                    progress(tokens, samples)
                yield forcing.judge(self._text, claim, _reports(claim.index, output), sampler)

    def _run(
        self, prompt: list[int], orders: Iterable[tuple[forcing.Order, int, bool]], progress: Progress | None
    ) -> list[Any]:
        """The completion of each order (order, most tokens, whether it is a check), in order."""
        names, finished = [], dict[str, Any]()
        for order, room, checking in orders:
            self._requests += 1
            names.append(str(self._requests))
            self._engine.add_request(
                names[-1], {"prompt_token_ids": prompt}, _parameters(order, room, self._text.end, checking)
            )
        try:
            while len(finished) < len(names):
                for result in self._engine.step():
                    finished[result.request_id] = result.outputs[0]
                if progress:
                    progress(sum(len(output.token_ids) for output in finished.values()), len(finished))
        except BaseException:
            self._engine.abort_request([name for name in names if name not in finished])
            raise
        return [finished[name] for name in names]


def _start(model_dir: Path, context: int, options: EngineOptions) -> Any:
    """vLLM's engine. What it reads from the environment is set before it is imported."""
    os.environ.update(ENVIRONMENT)
    if options.threads is not None:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    try:
        import torch
        from vllm.engine.arg_utils import EngineArgs
        from vllm.platforms import current_platform
        from vllm.v1.engine.llm_engine import LLMEngine

        if options.threads is not None:
            torch.set_num_threads(options.threads)
        cpu = current_platform.is_cpu()
        torch._dynamo.config.disable = cpu  # compiling the gathering of logits takes longer than a whole check
        arguments = engine_arguments(model_dir, context, options, cpu=cpu)
        return LLMEngine.from_engine_args(EngineArgs(**arguments))
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Unreachable(f"vLLM does not start with {model_dir.name}: {first}", hint=vllm_version.INSTALL) from error


def _parameters(order: forcing.Order, room: int, end: int, checking: bool) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=0.0,
        max_tokens=room,
        ignore_eos=True,
        stop_token_ids=None if checking else [end],
        logprobs=2 if checking else None,
        detokenize=False,
        extra_args={forcing.ARGUMENT: order.dumps()},
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _reports(index: int, output: Any) -> list[forcing.Report]:
    """What the processor said of each place of a check."""
    values: Sequence[Mapping[int, Any]] = output.logprobs
    return [
        forcing.report(index, token, {other: entry.logprob for other, entry in place.items()})
        for token, place in zip(output.token_ids, values, strict=True)
    ]
