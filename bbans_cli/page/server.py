"""The server of `bbc page`: one HTML file, a picture in, its status and results out. For this machine alone.

    GET    /                     the page
    POST   /jobs?name=N&level=L  a file as the body; 202 with the job's status
    GET    /jobs/ID              status and results as JSON
    DELETE /jobs/ID              cancel the job
    GET    /jobs/ID/NAME         a file: picture, map, sheet, packed or restored

Errors are JSON: {"error": {"code", "message"}}. It listens on the loopback interface. A request whose Host is another
is refused, so that no web site reaches it through a name of its own (DNS rebinding), and so is a change that another
origin asks for, as Origin or Sec-Fetch-Site tells.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.resources import files
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bbans_cli.heat_map import colours
from bbans_cli.limits import LEVELS
from bbans_cli.page.jobs import BusyError, Job, Jobs, record
from bbans_cli.page.work import Worker

HOSTS = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(rf"(?:{'|'.join(map(re.escape, HOSTS))})(?::[0-9]{{1,5}})?", re.IGNORECASE)
# What a browser says of a request that is the page's own, or the user's.
_OWN_SITES = (None, "same-origin", "none")
# Bytes of a file that is sent. Pixels have a limit of their own. Tuned by hand, not recorded.
MOST_SENT_BYTES = 256 << 20
_LONGEST_NAME = 200
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def application(worker: Worker, most_bytes: int = MOST_SENT_BYTES) -> ASGIApp:
    """The page as an ASGI application; results are kept until it ends."""
    jobs = Jobs(worker.do)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            jobs.close()

    pages = _Pages(jobs, worker, most_bytes)
    routes = [
        Route("/", pages.page),
        Route("/jobs", pages.start, methods=["POST"]),
        Route("/jobs/{id}", pages.status, methods=["GET"]),
        Route("/jobs/{id}", pages.cancel, methods=["DELETE"]),
        Route("/jobs/{id}/{name}", pages.file),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _as_json, Exception: _as_json})
    return _OwnHostAlone(app)


def listen(port: int) -> socket.socket:
    """A socket of the loopback interface; port 0: any that is free. Raises OSError."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOSTS[0], port))
    except OSError:
        found.close()
        raise
    return found


def serve(sock: socket.socket, worker: Worker, ready: Callable[[], None]) -> None:
    """Serve until a signal ends it; `ready` is called once the page can be fetched."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        application(worker), log_level="critical", lifespan="on", timeout_graceful_shutdown=2, server_header=False
    )
    Server(config).run([sock])


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, _HEADERS)


async def _as_json(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        found = record(error)
        return _error(500, found["code"], found["message"])
    return _error(error.status_code, "not-found" if error.status_code == 404 else "request", error.detail)


class _OwnHostAlone:
    """Refuses requests for other hosts, and changes that another origin asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            host, origin = request.headers.get("host", ""), request.headers.get("origin")
            own = origin in (None, f"http://{host}") and request.headers.get("sec-fetch-site") in _OWN_SITES
            if not _HOST.fullmatch(host):
                await _error(400, "host", "this page answers on 127.0.0.1 alone")(scope, receive, send)
                return
            if request.method not in ("GET", "HEAD") and not own:
                await _error(403, "origin", "another page asked for this")(scope, receive, send)
                return
        await self.app(scope, receive, send)


class _Pages:
    """What answers the requests, one method for each route."""

    def __init__(self, jobs: Jobs, worker: Worker, most_bytes: int) -> None:
        self.jobs, self.most_bytes = jobs, most_bytes
        source = files("bbans_cli.page").joinpath("page.html").read_text("utf-8")
        stops = [f"rgb{tuple(int(part) for part in colours.table()[step])}" for step in range(0, 256, 15)]
        limits = {"bytes": most_bytes, "pixels": worker.max_pixels, "threads": worker.threads}
        self.source = source.replace("/*COLOURS*/", ", ".join(stops)).replace("/*LIMITS*/{}", json.dumps(limits))

    async def page(self, request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' blob: data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return HTMLResponse(self.source.replace("NONCE", nonce), headers=_HEADERS | {"Content-Security-Policy": policy})

    async def start(self, request: Request) -> Response:
        too_large = _error(413, "limit", f"a file has at most {self.most_bytes >> 20} MiB here")
        level, name = request.query_params.get("level", "5"), request.query_params.get("name", "picture")
        if level not in map(str, LEVELS):
            return _error(400, "request", "the level is 1, 5 or 9")
        if int(request.headers.get("content-length") or 0) > self.most_bytes:
            return too_large
        data = bytearray()
        try:
            async for piece in request.stream():
                data += piece
                if len(data) > self.most_bytes:
                    return too_large
        except ClientDisconnect:
            return _error(400, "request", "the file did not come whole")
        if not data:
            return _error(400, "input", "the file is empty")
        try:
            job = self.jobs.start(bytes(data), _file_name(name), int(level))
        except BusyError as error:
            return _error(409, error.code, str(error))
        return JSONResponse(job.status(), 202, _HEADERS)

    async def status(self, request: Request) -> Response:
        return await self._with_job(request, _status)

    async def cancel(self, request: Request) -> Response:
        return await self._with_job(request, _cancel)

    async def file(self, request: Request) -> Response:
        return await self._with_job(request, _file)

    async def _with_job(self, request: Request, answer: Callable[[Request, Job], Awaitable[Response]]) -> Response:
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            return _error(404, "not-found", "there is no such result, or it had to make room for later ones")
        return await answer(request, job)


async def _status(request: Request, job: Job) -> Response:
    return JSONResponse(job.status(), 200, _HEADERS)


async def _cancel(request: Request, job: Job) -> Response:
    job.stop.set()
    return JSONResponse(job.status(), 202, _HEADERS)


async def _file(request: Request, job: Job) -> Response:
    name = request.path_params["name"]
    found = job.files.get(name)
    if found is None:
        return _error(404, "not-found", "there is no such file")
    headers = _HEADERS | {"Content-Length": str(found.size)}
    if found.download is not None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.download, safe='')}"
    return StreamingResponse(job.pieces(name), media_type=found.kind, headers=headers)


def _file_name(name: str) -> str:
    """A name without folders and control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-_LONGEST_NAME:] or "picture"
