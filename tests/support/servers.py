"""Servers of this machine, on loopback, for the tests of stores: SeaweedFS for S3, OpenSSH for SFTP."""

import contextlib
import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

KEY, SECRET = "bbc-test", "bbc-test-secret"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"{process.args} does not listen on port {port}")


def program(name: str) -> str:
    """The path of a program, of this environment or of the system; without it the test is skipped."""
    places = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"], "/usr/sbin"])
    return shutil.which(name, path=places) or pytest.skip(f"needs {name}")


@dataclass
class Server:
    """A server's process and how a client reaches it: `settings` for the environment, `url` of an empty place."""

    process: subprocess.Popen[bytes]
    port: int
    url: str
    settings: dict[str, str]

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.wait()


def s3_settings(port: int) -> dict[str, str]:
    """What makes fsspec's s3:// mean a server on loopback."""
    options = {"key": KEY, "secret": SECRET, "endpoint_url": f"http://127.0.0.1:{port}"}
    return {"FSSPEC_S3": json.dumps(options), "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


@contextlib.contextmanager
def seaweedfs(folder: Path) -> Iterator[Server]:
    """An S3 server with a bucket "archive"."""
    weed = program("weed")
    folder.mkdir(parents=True, exist_ok=True)
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    identity = {"name": "t", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    data = folder / "data"
    data.mkdir()
    port, master, volume, filer = (free_port() for _ in range(4))
    ports = [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={port}"]
    grpc = [f"-{part}.port.grpc={free_port()}" for part in ("master", "volume", "filer", "s3")]
    place = [f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"]
    more = [
        "-filer",
        "-s3",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder / 's3.json'}",
        "-volume.max=20",
        "-master.volumeSizeLimitMB=64",
    ]
    with open(folder / "weed.log", "wb") as log:
        command = [weed, "-logtostderr=true", "server", *place, *ports, *grpc, *more]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    with ended(process):
        wait_for(port, process)
        server = Server(process, port, "s3://archive", s3_settings(port))
        _make_bucket(server)
        yield server


def _make_bucket(server: Server) -> None:
    import s3fs

    options = json.loads(server.settings["FSSPEC_S3"])
    system = s3fs.S3FileSystem(**options, client_kwargs={"region_name": "us-east-1"}, skip_instance_cache=True)
    until = time.monotonic() + 60
    while True:
        try:
            system.pipe_file("archive/ready", b"x")
            system.rm_file("archive/ready")
            return
        except Exception:
            if time.monotonic() > until:
                raise
            with contextlib.suppress(Exception):
                system.mkdir("archive")
            time.sleep(0.5)


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Server]:
    """An SSH server for this user, with a key of its own, whose host key is in the client's known_hosts."""
    daemon, keygen = program("sshd"), program("ssh-keygen")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host", "client"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "authorized").write_bytes((folder / "client.pub").read_bytes())
    port = free_port()
    host = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}\n")
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"StrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\nSubsystem sftp internal-sftp\n"
        f"PermitUserEnvironment yes\n"
    )
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    with open(folder / "sshd.log", "wb") as log:
        process = subprocess.Popen([daemon, "-D", "-e", "-f", folder / "config"], stdout=log, stderr=log)
    with ended(process):
        wait_for(port, process)
        options = {"client_keys": [str(folder / "client")], "known_hosts": str(folder / "known_hosts")}
        place = folder / "files"
        place.mkdir()
        url = f"sftp://{getpass.getuser()}@127.0.0.1:{port}{place}"
        yield Server(process, port, url, {"FSSPEC_SFTP": json.dumps(options)})
