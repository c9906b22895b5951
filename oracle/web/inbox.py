"""The inbox that an oracle keeps for the committee: takes signed verdicts of members, and nothing else."""

import base64
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oracle.domain.dispute import SignedVerdict
from oracle.domain.errors import GengovError, Unreachable
from oracle.mechanism.verdict_message import MAX_MESSAGE
from oracle.ports.inbox import VerdictInbox

Accept = Callable[[bytes], SignedVerdict]
"""Reads a message and checks everything about it: form, committee, signature, membership. Raises GengovError."""


def inbox_app(inbox: VerdictInbox, accept: Accept) -> Starlette:
    """An ASGI application over `inbox`. Strangers cannot fill it: what no member signed is refused with 403."""

    async def put(request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return JSONResponse({"error": f"a verdict has at most {MAX_MESSAGE} bytes"}, status_code=413)
        path = request.path_params
        try:
            signed = accept(body)
            verdict = signed.verdict
            if (verdict.proposal_id, verdict.round) != (path["proposal"], path["round"]):
                return JSONResponse({"error": "the verdict is about another proposal or round"}, status_code=400)
            if signed.signer != path["signer"]:
                return JSONResponse({"error": "the verdict is of another signer"}, status_code=400)
            inbox.put(verdict.proposal_id, verdict.round, signed.signer, body)
        except Unreachable as error:
            return JSONResponse({"error": error.message}, status_code=503)
        except GengovError as error:
            return JSONResponse({"error": error.message}, status_code=403)
        return Response(status_code=204)

    async def get(request: Request) -> Response:
        path = request.path_params
        try:
            found = inbox.messages(path["proposal"], path["round"])
        except GengovError as error:
            return JSONResponse({"error": error.message}, status_code=503)
        return JSONResponse({"messages": [base64.b64encode(message).decode() for message in found]})

    return Starlette(
        routes=[
            Route("/verdicts/{proposal:int}/{round:int}/{signer}", put, methods=["PUT"]),
            Route("/verdicts/{proposal:int}/{round:int}", get, methods=["GET"]),
        ]
    )


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is longer than a verdict can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_MESSAGE:
            return None
    return body
