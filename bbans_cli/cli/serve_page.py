"""`bbc page`: the server of bbans_cli.page, and the browser that shows it."""

from __future__ import annotations

import os

from bbans_cli.cli import signals
from bbans_cli.cli.fileio import write_stdout
from bbans_cli.errors import MissingExtraError


def serve(port: int, browser: bool, threads: int, max_pixels: int, max_memory: int | None) -> int:
    """Serve until a signal ends it. Raises MissingExtraError, OSError."""
    try:
        from bbans_cli.page import server
        from bbans_cli.page.work import Worker
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "anyio"):
            raise
        raise MissingExtraError("the page needs starlette and uvicorn: pip install 'bbans-cli[page]'") from error
    try:
        sock = server.listen(port)
    except OSError as error:
        raise OSError(
            error.errno, f"{os.strerror(error.errno or 0)}; --port 0 takes one that is free", f"port {port}"
        ) from error
    address = f"http://{server.HOSTS[0]}:{sock.getsockname()[1]}/"

    def ready() -> None:
        signals.check()  # from here on the server itself looks for signals
        write_stdout(f"{address}\n".encode())
        if browser:
            import webbrowser

            webbrowser.open(address)

    with sock:
        server.serve(sock, Worker(threads, max_pixels, max_memory), ready)
    return 0
