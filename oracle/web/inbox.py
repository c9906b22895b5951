"""The inbox that an oracle keeps for the committee: takes signed verdicts of members, and nothing else."""

import asyncio
import base64
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oracle.domain.dispute import SignedVerdict
from oracle.domain.errors import GengovError, Unreachable
from oracle.mechanism.canonical import MAX_DIGITS
from oracle.mechanism.verdict_message import MAX_MESSAGE
from oracle.ports.inbox import VerdictInbox

Accept = Callable[[bytes], SignedVerdict]
"""Reads a message and checks everything about it: form, committee, signature, membership. Raises GengovError."""

_PATIENCE = 10.0
"""Seconds in which a whole message must have come."""

_NO_CASE = "proposal and round are numbers"


def inbox_app(inbox: VerdictInbox, accept: Accept, *, patience: float = _PATIENCE) -> Starlette:
    """An ASGI application over `inbox`. Strangers cannot fill it: what no member signed is refused with 403.

    Nor can they, or a member, put back what was there before: everybody can read the messages and send them again, so
    one replaces another only if its deadline is later, or if it adds an attestation to the same verdict (else 409).
    """
    turn = asyncio.Lock()  # so that nothing changes between reading what is there and replacing it

    async def put(request: Request) -> Response:
        case = _case(request)
        if case is None:
            return _no(404, _NO_CASE)
        try:
            async with asyncio.timeout(patience):
                body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            return _no(408, f"a verdict must come within {patience:g} seconds")
        if body is None:
            return _no(413, f"a verdict has at most {MAX_MESSAGE} bytes")
        async with turn:
            return await run_in_threadpool(_take, inbox, accept, body, case, request.path_params["signer"])

    def get(request: Request) -> Response:
        case = _case(request)
        if case is None:
            return _no(404, _NO_CASE)
        try:
            found = inbox.messages(*case)
        except GengovError as error:
            return _no(503, error.message)
        return JSONResponse({"messages": [base64.b64encode(message).decode() for message in found]})

    return Starlette(
        routes=[
            Route("/verdicts/{proposal}/{round}/{signer}", put, methods=["PUT"]),
            Route("/verdicts/{proposal}/{round}", get, methods=["GET"]),
        ]
    )


def _take(inbox: VerdictInbox, accept: Accept, body: bytes, case: tuple[int, int], signer: str) -> Response:
    try:
        signed = accept(body)
        if (signed.verdict.proposal_id, signed.verdict.round) != case:
            return _no(400, "the verdict is about another proposal or round")
        if signed.signer != signer:
            return _no(400, "the verdict is of another signer")
        held = _held(inbox, accept, case, signer)
        if held is not None and held != signed and not _follows(signed, held):
            return _no(409, f"a verdict of {signer} until {held.verdict.deadline} is here, and stays")
        inbox.put(*case, signer, body)
    except Unreachable as error:
        return _no(503, error.message)
    except GengovError as error:
        return _no(403, error.message)
    return Response(status_code=204)


def _held(inbox: VerdictInbox, accept: Accept, case: tuple[int, int], signer: str) -> SignedVerdict | None:
    """What the inbox has of this signer, if it still counts."""
    for message in inbox.messages(*case):
        if signer.encode() not in message:
            continue
        try:
            found = accept(message)
        except Unreachable:
            raise
        except GengovError:
            continue
        if found.signer == signer:
            return found
    return None


def _follows(new: SignedVerdict, held: SignedVerdict) -> bool:
    """Whether it cannot be an older message that somebody sends again."""
    if new.verdict == held.verdict:
        return bool(new.attestation and not held.attestation)
    return new.verdict.deadline > held.verdict.deadline


def _case(request: Request) -> tuple[int, int] | None:
    """Proposal and round in the path, None if they are no numbers of 256 bits."""
    texts = request.path_params["proposal"], request.path_params["round"]
    if not all(text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS for text in texts):
        return None
    return int(texts[0]), int(texts[1])


def _no(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status)


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is longer than a verdict can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_MESSAGE:
            return None
    return body
