"""A `bbc` for shell scripts that is forked from a process which has imported everything already.

A start of the command takes a third of a second, most of it imports, and the scripts of tests/cli/cases start it
hundreds of times to see what it does with files. The stand-in of the command, a script of a few lines, hands its
arguments, environment, working directory, umask and standard streams to the server; a child of that runs
bbans_cli.__main__.main with them, and its exit status comes back. What differs: signals to the stand-in, limits of
resources, the user, a controlling terminal, closed streams and what is read while modules are imported. Cases about
these start the command itself.
"""

import atexit
import io
import marshal
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

STAND_IN = """#!{python} -IS
import _socket, marshal, os, sys
link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
link.connect({address!r})
os.umask(umask := os.umask(0))
request = marshal.dumps((sys.argv, dict(os.environ), umask))
streams = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2, os.open(".", os.O_RDONLY)))
link.sendmsg([len(request).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
link.sendall(request)
status = link.recv(1)
os._exit(status[0] if status else 255)
"""


@contextmanager
def folder_with_bbc(folder: Path, environment: dict[str, str]):
    """Puts the stand-in into a folder, to be the first on PATH, and keeps its server until the end."""
    address = str(folder / "socket")
    stand_in = folder / "bbc"
    stand_in.write_text(STAND_IN.format(python=sys.executable, address=address))
    stand_in.chmod(0o755)
    command = [sys.executable, __file__, address]
    server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert server.stdout.readline() == b"ready\n"
    try:
        yield folder
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def _serve(address: str) -> None:
    import bbans_cli.api
    import bbans_cli.cli.batch
    import bbans_cli.cli.info  # noqa: F401

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that no child stays behind as a zombie
    print("ready", flush=True)
    while True:
        link, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            status = _run(link)
            link.send(bytes([status]))
            os._exit(0)
        link.close()


def _run(link: socket.socket) -> int:
    size, streams, _, _ = socket.recv_fds(link, 4, 4)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += link.recv(1 << 20)
    sys.argv, environment, umask = marshal.loads(request)
    for to, stream in enumerate(streams[:3]):
        os.dup2(stream, to)
    os.fchdir(streams[3])
    for stream in streams:
        os.close(stream)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for name, fd, mode, errors in (
        ("stdin", 0, "rb", "surrogateescape"),
        ("stdout", 1, "wb", "surrogateescape"),
        ("stderr", 2, "wb", "backslashreplace"),
    ):
        buffer = open(fd, mode, closefd=False)
        stream = io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=fd == 2 or buffer.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    from bbans_cli.__main__ import main

    try:
        main()
        status = 0
    except SystemExit as leaving:
        status = leaving.code or 0
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    _serve(sys.argv[1])
