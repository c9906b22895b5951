"""`gengov model prove-row` and `verify-row`: show to anyone that a row of a matrix is the committed one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.command import command
from oracle.cli.model import Folder
from oracle.cli.output import out
from oracle.cli.session import Session
from oracle.domain.errors import BadInput, Refused
from oracle.mechanism.row_proof import ProvenRow, RowProof, parse_row_proof, verify_row
from oracle.model import hashing
from oracle.model.rows import prove_row

app = typer.Typer()


@command(app, "prove-row", chain=False)
def prove(
    session: Session,
    folder: Folder,
    tensor: Annotated[str, typer.Argument(help="Tensor by its name in the safetensors files.")],
    row: Annotated[int, typer.Argument(min=0, help="Row along the first axis; a vector is one row.")],
    target: Annotated[Path, typer.Option("--out", help="New file for the proof.")],
) -> None:
    """Write the proof that a row of weights is the committed one: its blocks, and the hashes up to the weights root."""
    manifest = hashing.read_manifest(folder)
    proof = prove_row(folder, manifest, tensor, row)
    proven = verify_row(proof, manifest.weights_root)
    try:
        with target.open("xb") as file:
            file.write(proof.to_bytes())
    except FileExistsError:
        raise Refused(f"{target} exists", hint="name a new file") from None
    except OSError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}") from error
    session.emit(
        {"file": str(target), "weights_root": manifest.weights_root, **_answer(proof, proven)},
        lambda: out.print(f"{target}: {_words(proof, proven)}, weights root 0x{manifest.weights_root.hex()}"),
    )


@command(app, "verify-row", chain=False)
def verify(
    session: Session,
    proof_file: Annotated[Path, typer.Argument(metavar="PROOF", help="File that `prove-row` wrote.")],
    weights_root: Annotated[str, typer.Option(help="The root that the registry holds (0x and 64 digits).")],
) -> None:
    """Check the proof of a row against a weights root, without the model. Exit 1 if it leads elsewhere."""
    proof = parse_row_proof(_bytes(proof_file), str(proof_file))
    proven = verify_row(proof, _root(weights_root))
    session.emit(
        {"valid": True, "bytes": proven.data, **_answer(proof, proven)},
        lambda: out.print(f"{_words(proof, proven)}: as committed"),
    )


def _answer(proof: RowProof, proven: ProvenRow) -> dict[str, Any]:
    blocks = len(proof.data.blocks)
    return {
        "tensor": proof.tensor,
        "row": proof.row,
        "dtype": proven.tensor.dtype,
        "shape": list(proven.tensor.shape),
        "path": proof.path,
        "first_block": proof.data.first,
        "blocks": blocks,
        "siblings": len(proof.data.siblings) + len(proof.file_siblings),
    }


def _words(proof: RowProof, proven: ProvenRow) -> str:
    return (
        f"row {proof.row} of {proof.tensor} ({proven.tensor.dtype}, {len(proven.data):,} bytes) "
        f"in block {proof.data.first} of {proof.path}"
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read the proof {path}: {error.strerror}") from error


def _root(text: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise BadInput(
            f"--weights-root {text}: not 32 bytes", hint="gengov model manifest prints it; so does the chain"
        )
    return value
