"""The command that serves a model folder with vLLM's own OpenAI-compatible server and our logits processor."""

import os
import sys
from pathlib import Path

from oracle.model import vllm_version
from oracle.model.options import EngineOptions
from oracle.model.runner_vllm import CLIENT_ONLY, ENVIRONMENT, engine_arguments
from oracle.model.text import ModelText

SERVER = "vllm.entrypoints.openai.api_server"


def serve(model_dir: Path, host: str, port: int, options: EngineOptions, key: str | None = None) -> None:
    """Becomes the server: returns only by an error. Refused unless vLLM is here in the pinned version."""
    vllm_version.require_version()
    command = server_command(model_dir, host, port, options, cpu=vllm_version.cpu_build())
    os.execve(command[0], command, dict(os.environ) | server_environment(options, key, cpu=vllm_version.cpu_build()))


def server_command(model_dir: Path, host: str, port: int, options: EngineOptions, *, cpu: bool) -> list[str]:
    """The server's command line: the same arguments that the engine in process gets."""
    arguments = engine_arguments(model_dir, ModelText(model_dir).context, options, cpu=cpu)
    command = [sys.executable, "-m", SERVER, "--host", host, "--port", str(port), "--served-model-name", model_dir.name]
    for name, value in arguments.items():
        flag = name.replace("_", "-")
        if name in CLIENT_ONLY:
            continue
        if isinstance(value, bool):
            command.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            command += [f"--{flag}", *(value if isinstance(value, list) else [str(value)])]
    return command


def server_environment(options: EngineOptions, key: str | None, *, cpu: bool) -> dict[str, str]:
    """What the server reads from its environment. The key is there, as other users can read a command line."""
    found = {**ENVIRONMENT, "VLLM_LOGGING_LEVEL": "WARNING"}
    del found["VLLM_ENABLE_V1_MULTIPROCESSING"]
    if cpu:
        found["TORCHDYNAMO_DISABLE"] = "1"
    if options.threads is not None:
        found["OMP_NUM_THREADS"] = str(options.threads)
    if key:
        found["VLLM_API_KEY"] = key
    return found
