"""Options of the engines that keep the weights elsewhere, as a settings file or the environment gives them."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator


class EngineOptions(BaseModel):
    """What `[engine_options]` may hold. Each option belongs to the engines named in its description."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Literal["float32", "bfloat16"] = Field("float32", description="vllm: float32 (class F), bfloat16 (class B)")
    tensor_parallel: int = Field(1, ge=1, le=1024, description="vllm: GPUs that share each layer")
    pipeline_parallel: int = Field(1, ge=1, le=1024, description="vllm: groups of layers, one after another")
    executor: Literal["uni", "mp", "ray"] | None = Field(None, description="vllm: what runs the workers")
    memory: float | None = Field(None, gt=0, le=100_000, description="vllm: GiB for keys and values")
    batched_tokens: int = Field(16_384, ge=32, description="vllm: tokens computed in one step at most")
    threads: int | None = Field(None, ge=1, le=1024, description="exact, fp32, vllm: processor threads")
    urls: tuple[str, ...] = Field((), description="http: addresses of servers, each with the same model")
    served_model: str | None = Field(None, description="http: the model's name there; the first one served if absent")
    key_file: Path | None = Field(None, description="http: file whose first line is the servers' API key")
    parallel: int = Field(8, ge=1, le=256, description="http: requests under way at each server")
    attempts: int = Field(4, ge=1, le=20, description="http: tries of a request, at whichever server, before giving up")
    patience: float = Field(120.0, gt=0, le=3_600, description="http: seconds that one request may take")

    @field_validator("urls", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        """A list, or one string with commas, as the environment has it."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("urls")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                raise ValueError(f"{url!r} is not an address such as http://host:8000")
            if urlsplit(url).username or urlsplit(url).password:
                raise ValueError("an address holds no password: put the key into key_file")
        if len(set(value)) != len(value):
            raise ValueError("an address is named twice")
        return tuple(url.rstrip("/").removesuffix("/v1") for url in value)

    @field_validator("key_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value


DEFAULT = EngineOptions.model_validate({})

OPTIONS_OF = {
    "exact": {"threads"},
    "fp32": {"threads"},
    "vllm": {"dtype", "tensor_parallel", "pipeline_parallel", "executor", "memory", "batched_tokens", "threads"},
    "http": {"urls", "served_model", "key_file", "parallel", "attempts", "patience"},
}
"""Engine -> options that it reads; another one is a mistake, told at start."""


def contradictions(engine: str, given: set[str]) -> list[str]:
    """What is wrong with options taken together: those the engine does not read, those it needs."""
    own = OPTIONS_OF.get(engine, given)
    found = [f"{name}: engine {engine!r} does not read it" for name in sorted(given - own)]
    if engine == "http" and "urls" not in given:
        found.append("urls: engine 'http' needs the address of at least one server")
    return found
