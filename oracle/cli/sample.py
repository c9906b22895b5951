"""`gengov model sample`: draws samples without a chain, into a data file that anyone can verify."""

from pathlib import Path
from typing import Annotated

import typer

from oracle import wiring
from oracle.cli import prompt as prompts
from oracle.cli.accounts import bytes32
from oracle.cli.command import command
from oracle.cli.engines import engine_of
from oracle.cli.output import err, out
from oracle.cli.progress import bars
from oracle.cli.session import Session
from oracle.cli.words import bps
from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import chainless, prompt_rules
from oracle.mechanism.actions import answer_schema
from oracle.mechanism.generation import build
from oracle.mechanism.rendering import render

app = typer.Typer()


@command(app, "sample", chain=False)
def sample(
    session: Session,
    model: Annotated[Path, typer.Option(help="Model folder with its manifest.")],
    prompt: Annotated[Path, typer.Option(help="Prompt document (JSON).")],
    seed: Annotated[str, typer.Option(help="Seed (0x, 32 bytes); on a chain nobody may choose it.")],
    target: Annotated[Path, typer.Option("--out", help="New file for prompt, samples and their median.")],
    n: Annotated[int, typer.Option("-n", help="How many samples.")] = 100,
    engine: Annotated[str, typer.Option(help="Engine that draws; by default the one of the model's class.")] = "",
) -> None:
    """Draw samples without a chain. The file says so: it can be verified by anyone, and posted by nobody."""
    key, asked = bytes32(seed, "--seed"), prompts.read_file(prompt)
    if target.exists():
        raise Refused(f"{target} exists", hint="name a new file")
    if not target.absolute().parent.is_dir():
        raise BadInput(f"cannot write {target}: there is no folder {target.parent}")
    with bars() as shown:
        chosen = engine_of(engine) if engine else wiring.engine_for(wiring.sampler_of(model).numeric_class)
        runner, manifest = wiring.open_folder(
            model, chosen, session.settings.engine_options, progress=shown.bytes("reading the model")
        )
        rules = chainless.sampler_for(manifest.sampler, n, runner.numeric_class)
        bound = chainless.prompt_for(asked, rules)
        step = shown.samples("drawing", n)
        raw = runner.generate(render(bound), answer_schema(bound), key, range(n), rules, step)
    hashes = (manifest.weights_root, manifest.tokenizer_hash, manifest.engine_hash)
    made = build(chainless.slot_for(bound, hashes, key), bound, rules, raw, chainless.deployment_for(bound))
    try:
        with target.open("xb") as file:
            file.write(made.data)
    except OSError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}") from error
    found, generation = made.selection, made.generation
    answer = made.samples[found.pick].text if found.pick is not None else None

    def show() -> None:
        out.print(f"{target}: {found.valid} of {n} answers valid, {found.reason}")
        if answer is not None:
            out.print(f"  sample {found.pick} is the median: {answer}", markup=False)
            out.print(f"  margin {bps(found.gamma_bps)}, dispersion {bps(found.dispersion_bps)}")
        err.print(f"  [dim]check it: gengov proposal verify --data {target} --model {model}[/]")

    session.emit(
        {
            "file": str(target),
            "digest": generation.data_digest,
            "samples_root": generation.samples_root,
            "seed": key,
            "samples": n,
            "valid": found.valid,
            "tokens": sum(len(one.token_ids) for one in raw),
            "outcome": str(found.outcome),
            "pick": found.pick,
            "answer": answer,
            "gamma_bps": found.gamma_bps,
            "dispersion_bps": found.dispersion_bps,
            "engine": runner.name,
            "numeric_class": rules.numeric_class,
            "sampler_id": generation.sampler_id,
            "prompt_hash": prompt_rules.prompt_hash(bound),
            "chainless": True,
        },
        show,
    )
