"""`bbc batch run --dask`: a cluster of this machine, and one started by SSH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import servers
from archives import batch, check_restored, environment, make, rows


@pytest.fixture(autouse=True)
def distributed():
    """Not at the top of the file, which every worker imports."""
    pytest.importorskip("distributed")


def test_a_local_cluster(tmp_path: Path) -> None:
    made = make(tmp_path / "src", 10)
    job = tmp_path / "job"
    batch("plan", "-1", "--shard-files", 3, tmp_path / "src", tmp_path / "dst", job)
    batch("run", "--dask", "local", job)
    assert sorted(row["key"] for row in rows(job)) == sorted(made)
    assert batch("verify", "--dask", "local", "--sample", "50%", job).endswith(" outputs verified, 0 failed\n")
    batch("restore", job, tmp_path / "back")
    check_restored(made, tmp_path / "back")
    assert not list(job.glob("claims/*")) and not list(job.glob("workers/*"))


SSH_CLUSTER = """
import subprocess, sys
from distributed import SSHCluster
if __name__ == "__main__":
    port, key, known, *command = sys.argv[1:]
    options = {"port": int(port), "client_keys": [key], "known_hosts": known}
    with SSHCluster(["127.0.0.1", "127.0.0.1"], connect_options=options, worker_options={"nthreads": 1}) as cluster:
        sys.exit(subprocess.run([*command[:-1], "--dask", cluster.scheduler_address, command[-1]]).returncode)
"""


@pytest.mark.slow
def test_a_cluster_by_ssh(tmp_path: Path) -> None:
    """As the page has it, on one machine that is reached by SSH."""
    pytest.importorskip("asyncssh")
    made = make(tmp_path / "src", 6)
    job = tmp_path / "job"
    batch("plan", "-1", "--shard-files", 3, tmp_path / "src", tmp_path / "dst", job)
    (tmp_path / "cluster.py").write_text(SSH_CLUSTER)
    with servers.sshd(tmp_path / "sshd") as server:
        folder = tmp_path / "sshd"
        # Workers are started by a shell of their own: the package under test is found by the settings of the key.
        path = os.pathsep.join(p for p in sys.path if p)
        key = (folder / "client.pub").read_text()
        (folder / "authorized").write_text(f'environment="PYTHONPATH={path}" {key}')
        command = [sys.executable, "-m", "bbans_cli", "batch", "run", str(job)]
        where = [str(server.port), str(folder / "client"), str(folder / "known_hosts")]
        done = subprocess.run(
            [sys.executable, tmp_path / "cluster.py", *where, *command],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=200,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(row["key"] for row in rows(job)) == sorted(made)


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    make(tmp_path / "src", 1)
    batch("plan", tmp_path / "src", tmp_path / "dst", tmp_path / "job")
    (tmp_path / "sitecustomize.py").write_text("from bbans_cli.archive import dask_run\ndask_run.PATIENCE = 0\n")
    env = environment()
    env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{env['PYTHONPATH']}"
    address = f"tcp://127.0.0.1:{servers.free_port()}"
    said = batch("run", "--dask", address, tmp_path / "job", rc=75, env=env)
    assert f"there is no Dask scheduler at {address}" in said
    assert "nonsense is no file and no address" in batch("run", "--dask", "nonsense", tmp_path / "job", rc=1, env=env)
