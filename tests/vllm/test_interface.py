"""What our processor and our arguments rely on in vLLM, held against the installed version."""

import inspect
from pathlib import Path

import pytest
from vllm.engine.arg_utils import AsyncEngineArgs, EngineArgs
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.sampling_params import SamplingParams
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor, MoveDirectionality, process_dict_updates

from oracle.model import forcing, vllm_version
from oracle.model.options import EngineOptions
from oracle.model.runner_vllm import PROCESSOR, engine_arguments
from oracle.model.serving import server_command
from oracle.model.vllm_plugin import GengovProcessor
from tests.support.models import SHIPPED

ORDER = forcing.Order(bytes(32).hex(), 0)
LARGE = EngineOptions.model_validate({"tensor_parallel": 4, "pipeline_parallel": 2, "executor": "ray", "memory": 40})


def test_version__is_the_pinned_one() -> None:
    assert vllm_version.installed() == vllm_version.VERSION
    assert vllm_version.unavailable() is None
    assert vllm_version.cpu_build()


def test_processor_interface__is_the_one_we_implement() -> None:
    assert LogitsProcessor.__abstractmethods__ == {"__init__", "apply", "is_argmax_invariant", "update_state"}
    for name in (*LogitsProcessor.__abstractmethods__, "validate_params"):
        theirs, ours = (inspect.signature(getattr(one, name)) for one in (LogitsProcessor, GengovProcessor))
        assert list(theirs.parameters) == list(ours.parameters), name
    assert [field for field in BatchUpdate.__dataclass_fields__] == ["batch_size", "removed", "added", "moved"]


def test_requests_that_join_move_and_leave__are_followed() -> None:
    table: dict[int, str] = {}

    def update(**changes: object) -> dict[int, str]:
        full = {"batch_size": 3, "removed": [], "added": [], "moved": []} | changes
        process_dict_updates(
            table, BatchUpdate(**full), lambda params, prompt, output: (params.extra_args or {}).get("x")
        )
        return table

    one, two, none = (SamplingParams(extra_args={"x": name} if name else None) for name in ("one", "two", ""))
    assert update(added=[(0, one, [], []), (1, none, [], []), (2, two, [], [])]) == {0: "one", 2: "two"}
    assert update(moved=[(0, 1, MoveDirectionality.SWAP)]) == {1: "one", 2: "two"}
    assert update(removed=[1], moved=[(2, 1, MoveDirectionality.UNIDIRECTIONAL)]) == {1: "two"}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        (SamplingParams(temperature=0, extra_args={"gengov": "{"}), "not an order"),
        (SamplingParams(temperature=1, extra_args={"gengov": ORDER.dumps()}), "must have 0"),
    ],
)
def test_malformed_order__is_refused_before_it_reaches_the_engine(params: SamplingParams, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        GengovProcessor.validate_params(params)


def test_honest_order_and_no_order__pass() -> None:
    GengovProcessor.validate_params(SamplingParams(temperature=0, extra_args={"gengov": ORDER.dumps()}))
    GengovProcessor.validate_params(SamplingParams(temperature=1))


@pytest.mark.parametrize("cpu", [True, False])
def test_engine_arguments__are_known_to_this_version_and_reach_it(cpu: bool) -> None:
    made = EngineArgs(**engine_arguments(SHIPPED, 1024, LARGE, cpu=cpu))
    assert (made.tensor_parallel_size, made.pipeline_parallel_size) == (4, 2)
    assert made.distributed_executor_backend == "ray"
    assert made.logits_processors == [PROCESSOR]
    assert made.kv_cache_memory_bytes == 40 << 30
    assert (made.enable_prefix_caching, made.async_scheduling, made.logprobs_mode) == (True, False, "processed_logits")
    assert (made.block_size == 32) is cpu
    assert made.dtype == "float32"


def test_server_command__is_understood_by_this_version() -> None:
    command = server_command(Path(SHIPPED), "127.0.0.1", 8123, LARGE, cpu=True)
    parsed = make_arg_parser(FlexibleArgumentParser()).parse_args(command[3:])
    made = AsyncEngineArgs.from_cli_args(parsed)
    assert (made.tensor_parallel_size, made.pipeline_parallel_size) == (4, 2)
    assert made.distributed_executor_backend == "ray"
    assert made.logits_processors == [PROCESSOR]
    assert (made.enable_prefix_caching, made.async_scheduling, made.logprobs_mode) == (True, False, "processed_logits")
    assert (parsed.port, made.model, made.served_model_name) == (8123, str(SHIPPED), [SHIPPED.name])
