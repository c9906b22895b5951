"""OpenAI-compatible servers behind the same port: `vllm serve` with our processor, or any server, then in class N."""

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.domain.verdict import SampleCheck
from oracle.mechanism.noise import gumbel_noise
from oracle.model import forcing
from oracle.model.http_pool import Pool, Server, Trouble
from oracle.model.keys import read_key
from oracle.model.options import EngineOptions
from oracle.model.request import check_class, check_request
from oracle.model.text import ModelText
from oracle.ports.model import Progress

_Read = TypeVar("_Read")

COMPLETIONS, MODELS = "/v1/completions", "/v1/models"
CHECKED_TOGETHER = 256
_TOKEN = "token_id:"
_VALUES = {"logprobs": 2, "return_tokens_as_token_ids": True}


def available() -> str | None:
    """None: it needs nothing but the address of a server."""
    return None


class HttpRunner:
    """A `ModelRunner` on servers that hold the same weights. Which weights they hold only a check can tell.

    A canary, whose answer the noise alone decides, shows at start whether a server runs our processor, and whether in
    fp32 (class F) or 16 bits (class B). Without it, samples are of class N: nobody can verify them.
    Raises Unreachable if no server answers, Refused if they differ or do not serve the model.
    `logits_hash` stays empty: the logits do not leave the servers.
    """

    logits_hash = b""

    def __init__(self, model_dir: Path, options: EngineOptions, pool: Pool | None = None) -> None:
        if not options.urls:
            raise BadInput("engine 'http' has no server", hint="name them in the engine option urls")
        self.name, self.model_dir = f"http:{model_dir.name}", model_dir
        self._text = ModelText(model_dir)
        self._pool = pool or Pool(
            options.urls,
            key=read_key(options.key_file),
            parallel=options.parallel,
            attempts=options.attempts,
            patience=options.patience,
        )
        self._model = ""
        self.absent: dict[str, str] = {}
        """Servers that did not answer at start, and why; they are left out."""
        self._tells_values = True
        self.numeric_class = self._greet(options.served_model)

    def generate(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        indices: Sequence[int],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> list[RawSample]:
        """One sample per noise index; see the port. In class N an index is only a seed of the server's own."""
        check_request(seed, indices, sampler)
        prompt, grammar = self._text.prompt(prompt_text, sampler.max_tokens), self._text.grammar(schema)
        count = _Count(progress)

        def own(index: int) -> dict[str, Any]:
            order = forcing.draw_order(schema, seed, index, sampler)
            room = min(sampler.max_tokens + 1, self._text.context - len(prompt))
            return self._ordered(prompt, order, room) | {"stop_token_ids": [self._text.end]}

        def read_own(index: int, answer: dict[str, Any]) -> RawSample:
            tokens = self._tokens(_choice(answer), sampler.max_tokens + 1)
            return _again(lambda: forcing.finish(self._text, grammar, index, tokens, sampler))

        def free(index: int) -> dict[str, Any]:
            return self._free(prompt, schema, seed, index, sampler)

        def read_free(index: int, answer: dict[str, Any]) -> RawSample:
            return self._read_free(index, _choice(answer), sampler)

        body, read = (free, read_free) if self.numeric_class == "N" else (own, read_own)
        return self._pool.map(indices, COMPLETIONS, body, read, lambda sample: count.add(len(sample.token_ids)))

    def check(
        self,
        prompt_text: str,
        schema: dict[str, object],
        seed: bytes,
        samples: Sequence[RawSample],
        sampler: Sampler,
        progress: Progress | None = None,
    ) -> Iterator[SampleCheck]:
        """One result per sample; see the port. Refused if the servers lack our processor."""
        if self.numeric_class == "N":
            raise Refused(
                f"{self.name}: the servers do not run gengov's processor, so they cannot check samples",
                hint='check with engine = "exact" or "fp32", or start the servers as oracle/README.md says',
            )
        if not self._tells_values:
            raise Refused(
                f"{self.name}: the servers do not tell what our processor says of each token",
                hint="start them with --logprobs-mode processed_logits, or check with an embedded engine",
            )
        check_class(self.name, self.numeric_class, sampler)
        check_request(seed, [sample.index for sample in samples], sampler)
        prompt, grammar = self._text.prompt(prompt_text, sampler.max_tokens), self._text.grammar(schema)
        claims = (forcing.claim(self._text, grammar, sample, sampler) for sample in list(samples))
        return self._check(prompt, schema, seed, claims, sampler, _Count(progress))

    def _check(
        self,
        prompt: list[int],
        schema: dict[str, object],
        seed: bytes,
        claims: Iterator[forcing.Claim],
        sampler: Sampler,
        count: "_Count",
    ) -> Iterator[SampleCheck]:
        def body(claim: forcing.Claim) -> dict[str, Any]:
            return self._ordered(prompt, claim.order(schema, seed, sampler), claim.places) | _VALUES

        def read(claim: forcing.Claim, answer: dict[str, Any]) -> SampleCheck:
            choice = _choice(answer)
            tokens, values = self._tokens(choice, claim.places), _values(choice)
            if len(tokens) != len(values):
                raise Trouble(f"{len(values)} places with values for {len(tokens)} tokens")
            reports = _again(
                lambda: [forcing.report(claim.index, *place) for place in zip(tokens, values, strict=True)]
            )
            return _again(lambda: forcing.judge(self._text, claim, reports, sampler))

        while batch := list(islice(claims, CHECKED_TOGETHER)):
            yield from self._pool.map(batch, COMPLETIONS, body, read, lambda check: count.add(check.tokens))

    def _greet(self, served: str | None) -> str:
        """Finds the model at every server and sings the canary; the numeric class that all share."""
        classes: dict[str, str] = {}
        for server in list(self._pool.servers):
            try:
                self._model = self._served(server, served)
                classes[server.url] = self._canary(server)
            except Trouble as trouble:
                self.absent[server.url] = str(trouble)
                self._pool.servers.remove(server)
        if not classes:
            raise Unreachable(
                "no server answers: " + "; ".join(self.absent.values()),
                hint="start one: see `Choosing an engine` in oracle/README.md",
            )
        if len(set(classes.values())) > 1:
            said = ", ".join(f"{url} class {found}" for url, found in classes.items())
            raise Refused(
                f"the servers differ: {said}",
                hint="run the same version, dtype and processor at each (N: no processor)",
            )
        return next(iter(classes.values()))

    def _served(self, server: Server, wanted: str | None) -> str:
        """The name of the model at a server."""
        answer = self._pool.ask(server.url, MODELS)
        listed = answer.get("data")
        entries = listed if isinstance(listed, list) else []
        names = [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
        if not names:
            raise Trouble(f"{server.url}{MODELS}: no list of models")
        name = wanted or self._model or names[0]
        if name not in names:
            raise Refused(f"{server.url} does not serve {name!r}, but {', '.join(names)}", hint="set served_model")
        return name

    def _canary(self, server: Server) -> str:
        """The numeric class of a server, N if the answer to a fresh canary is not what our noise makes of it."""
        seed, vocab = os.urandom(32), self._text.vocab_size
        order = forcing.Order(seed.hex(), 0, canary=True)
        body = self._ordered([self._text.end], order, forcing.CANARY_TOKENS) | _VALUES
        try:
            choice = _choice(self._pool.ask(server.url, COMPLETIONS, body))
        except Refused as refused:
            if f" {forcing.ARGUMENT}: " in refused.message:
                raise  # our processor, of another version: it says which
            return "N"  # a server that does not know these arguments
        for numeric_class, index in forcing.CANARY_INDEX.items():
            sung = [int(gumbel_noise(seed, step, [index], vocab)[0].argmax()) for step in range(forcing.CANARY_TOKENS)]
            if choice.get("token_ids") == sung:
                values = zip(sung, _values(choice), strict=False)
                self._tells_values &= all(place.get(token) == forcing.CHOSEN for token, place in values)
                return numeric_class
        return "N"

    def _ordered(self, prompt: list[int], order: forcing.Order, room: int) -> dict[str, Any]:
        """A request that our processor answers."""
        return {
            "model": self._model,
            "prompt": prompt,
            "max_tokens": room,
            "temperature": 0,
            "ignore_eos": True,
            "return_token_ids": True,
            "vllm_xargs": {forcing.ARGUMENT: order.dumps()},
        }

    def _free(
        self, prompt: list[int], schema: dict[str, object], seed: bytes, index: int, sampler: Sampler
    ) -> dict[str, Any]:
        """A request to any server: its own noise, and its own grammar if it has one."""
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        return {
            "model": self._model,
            "prompt": prompt,
            "max_tokens": sampler.max_tokens,
            "temperature": sampler.temperature_milli / 1000,
            "seed": int.from_bytes(seed[:4], "big") // 2 + index,
            "response_format": form,
        }

    def _read_free(self, index: int, choice: dict[str, Any], sampler: Sampler) -> RawSample:
        text = choice.get("text")
        if not isinstance(text, str):
            raise Trouble("a choice without text")
        tokens = self._text.encode(text)
        kept = tokens[: sampler.max_tokens]
        finished = choice.get("finish_reason") == "stop" and len(kept) == len(tokens)
        return RawSample(index, tuple(kept), self._text.text(kept), finished)

    def _tokens(self, choice: dict[str, Any], most: int) -> list[int]:
        """The token ids of a choice, checked for shape."""
        tokens = choice.get("token_ids")
        if not isinstance(tokens, list) or not all(type(token) is int for token in tokens):
            raise Trouble("a choice without token ids")
        if not 0 < len(tokens) <= most or not all(0 <= token < self._text.vocab_size for token in tokens):
            raise Trouble(f"{len(tokens)} token ids where 1 to {most} of the vocabulary were asked")
        return tokens


class _Count:
    """Tokens and samples so far, told to whoever watches."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._tokens, self._samples = progress, 0, 0

    def add(self, tokens: int) -> None:
        self._tokens, self._samples = self._tokens + tokens, self._samples + 1
        if self._progress:
            self._progress(self._tokens, self._samples)


def _choice(answer: dict[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        raise Trouble("an answer without exactly one choice")
    return choices[0]


def _values(choice: dict[str, Any]) -> list[dict[int, float]]:
    """The values beside each token: token id -> value."""
    try:
        places = choice["logprobs"]["top_logprobs"]
        return [{int(key.removeprefix(_TOKEN)): float(value) for key, value in place.items()} for place in places]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Trouble("a choice without values beside its tokens") from None


def _again(read: Callable[[], _Read]) -> _Read:
    """An answer that breaks the rule is asked for again elsewhere before it is believed."""
    try:
        return read()
    except Unreachable as error:
        raise Trouble(error.message) from None


def open_runner(model_dir: Path, name: str, options: EngineOptions) -> HttpRunner:
    """The runner of the engine `http`."""
    return HttpRunner(model_dir, options)
