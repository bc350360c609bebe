"""`bbc batch` on real servers of this machine: SeaweedFS for S3, OpenSSH for SFTP."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import servers
from archives import batch, check_restored, command, environment, make, picture_file, rows, upload
from forked_bbc import folder_with_bbc

from bbans_cli.archive.folder_store import FolderStore
from bbans_cli.archive.store import checked
from bbans_cli.archive.stores import open_store
from bbans_cli.errors import InputError

pytest.importorskip("fsspec")


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    pytest.importorskip("s3fs")
    with servers.seaweedfs(tmp_path_factory.mktemp("weed")) as server:
        yield server


@pytest.fixture(scope="module")
def sftp(tmp_path_factory):
    pytest.importorskip("sshfs")
    with servers.sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(params=["folder", "s3", "sftp"])
def server(request, tmp_path, monkeypatch):
    """A store's URL, an empty place of its own, reachable from this process."""
    if request.param == "folder":
        return str(tmp_path / "store")
    found = request.getfixturevalue(request.param)
    from fsspec.config import conf

    for name, text in found.settings.items():
        monkeypatch.setenv(name, text)
        if name.startswith("FSSPEC_"):
            monkeypatch.setitem(conf, name.removeprefix("FSSPEC_").lower(), json.loads(text))
    return f"{found.url}/{tmp_path.name}"


def test_a_store_keeps_what_it_is_given(server) -> None:
    store = open_store(server)
    assert store.find("a/b.bin") is None and store.names("a") == []
    data = bytes(range(256)) * 3000
    entry = store.write("a/b é.bin", data, {"bbc-source": "x:1"})
    assert entry.size == len(data) and store.read("a/b é.bin") == data and store.read("a/b é.bin", 10) == data[:10]
    assert store.find("a/b é.bin").version == entry.version
    if store.keeps_metadata:
        assert store.find("a/b é.bin").metadata["bbc-source"] == "x:1"
        assert store.is_content(entry, data) and not store.is_content(entry, data[1:])
    again = store.write("a/b é.bin", data[1:], {})
    assert store.read("a/b é.bin") == data[1:] and again.version != entry.version
    assert store.create("c/1", b"first") and not store.create("c/1", b"second") and store.read("c/1") == b"first"
    store.write("a/deep/c", b"")
    assert store.names("a") == ["b é.bin"] and store.names("c") == ["1"]
    listed = {entry.key: (entry.size, entry.version) for entry in store.entries()}
    assert listed["a/b é.bin"] == (len(data) - 1, again.version)
    assert sorted(listed) == ["a/b é.bin", "a/deep/c", "c/1"]
    store.remove("c/1")
    store.remove("c/1")
    assert store.names("c") == []
    with pytest.raises(FileNotFoundError):
        store.read("c/1")
    with pytest.raises(InputError):
        store.read("../c")
    store.tidy()
    assert sorted(entry.key for entry in store.entries()) == ["a/b é.bin", "a/deep/c"]


@pytest.mark.parametrize("server", ["folder", "sftp"], indirect=True)
def test_what_another_process_tidies_away_is_written_again(server, monkeypatch) -> None:
    """A process that has ended removes temporary files, those of others that still write among them."""
    store = open_store(server)
    owner, name = (os, "replace") if isinstance(store, FolderStore) else (store._system, "mv")
    rename, tidied = getattr(owner, name), []

    def tidy_first(*args):
        if len(tidied) < 2:
            tidied.append(args)
            store.tidy()
        return rename(*args)

    monkeypatch.setattr(owner, name, tidy_first)
    assert store.write("a/b", b"content").size == 7 and store.read("a/b") == b"content" and len(tidied) == 2


def test_keys_that_lead_elsewhere_are_refused() -> None:
    for key in ("", "..", "a/../b", "/a", "a//b", "a/./b", "a\0b"):
        with pytest.raises(InputError):
            checked(key)


@pytest.mark.parametrize("kind", ["s3", pytest.param("sftp", marks=pytest.mark.slow)])
def test_an_archive_in_a_store(kind, request, tmp_path: Path) -> None:
    """Sources, outputs and the job are all in the store."""
    server = request.getfixturevalue(kind)
    env = environment(**server.settings)
    made = make(tmp_path / "src", 12)
    url = f"{server.url}/{tmp_path.name}"
    upload(tmp_path / "src", f"{url}/in", env)
    places = (f"{url}/in", f"{url}/out", f"{url}/job")
    batch("plan", "-1", "--shard-files", 5, *places, env=env)
    both = [subprocess.Popen(command("run", "--lease", 5, places[2]), env=env) for _ in range(2)]
    assert [each.wait(timeout=200) for each in both] == [0, 0]
    assert "12 of 12 files" in batch("status", places[2], env=env)
    assert "12 outputs verified" in batch("verify", places[2], env=env)
    assert len(batch("report", "--safe-to-delete", places[2], env=env).splitlines()) == 12
    batch("restore", places[2], tmp_path / "back", env=env)
    check_restored(made, tmp_path / "back")
    # Another job over the same places: what is there is known by its metadata, or, where there is none, by its bytes.
    batch("plan", "-1", places[0], places[1], f"{url}/job2", env=env)
    batch("run", f"{url}/job2", env=env)
    report = [json.loads(line) for line in batch("report", "--format", "jsonl", f"{url}/job2", env=env).splitlines()]
    code = "up-to-date" if kind == "s3" else ""
    assert {row["code"] for row in report} == {code} and all(row["kept"] and row["sha256"] for row in report)


def test_the_lines_of_the_page(s3, tmp_path: Path) -> None:
    """docs/archive.md, "An S3 bucket and 40 machines", with the bucket of this server and one machine."""
    page = (Path(__file__).parents[2] / "docs" / "archive.md").read_text()
    blocks = re.findall(r"^```sh tested\n([^`]*s3://photos.*?)^```$", page, re.MULTILINE | re.DOTALL)
    env = environment(**s3.settings)
    url = f"{s3.url}/{tmp_path.name}"
    made = make(tmp_path / "src", 3)
    upload(tmp_path / "src", f"{url}/in", env)
    lines = [shlex.split(line) for block in blocks for line in block.replace("s3://photos", url).splitlines()]
    assert [line[:3] for line in lines] == [["bbc", "batch", verb] for verb in ("plan", "run")]
    said = [batch(*line[2:], env=env) for line in lines]
    assert said[0].startswith("3 files, ") and f"{len(made)} of 3 files" in batch("status", f"{url}/job", env=env)


def test_an_output_of_another_source_in_a_store_is_not_replaced(s3, tmp_path: Path) -> None:
    env = environment(**s3.settings)
    url = f"{s3.url}/{tmp_path.name}"
    for number, name in enumerate(("one", "two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(picture_file(number))
        batch("plan", "-1", tmp_path / name, f"{url}/out", tmp_path / f"job-{name}", env=env)
    batch("run", tmp_path / "job-one", env=env)
    assert "exists and is not of this source" in batch("run", tmp_path / "job-two", rc=1, env=env)
    (tmp_path / "one/a.png").write_bytes(picture_file(5))  # its own may be
    batch("plan", "-1", tmp_path / "one", f"{url}/out", tmp_path / "job-three", env=env)
    batch("run", tmp_path / "job-three", env=env)
    assert rows(tmp_path / "job-three")[0]["status"] == "ok"


def test_a_server_that_pauses_is_waited_for(s3, tmp_path: Path) -> None:
    env = environment(**s3.settings)
    make(tmp_path / "src", 10)
    batch(
        "plan", "-1", "--shard-files", 5, tmp_path / "src", f"{s3.url}/{tmp_path.name}/out", tmp_path / "job", env=env
    )
    run = subprocess.Popen(command("run", tmp_path / "job"), env=env)
    s3.pause()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(timeout=4)
    finally:
        s3.go_on()
    assert run.wait(timeout=120) == 0
    assert {row["status"] for row in rows(tmp_path / "job")} == {"ok"}


def test_a_store_that_is_not_there_is_named_and_is_a_transient_error(tmp_path: Path) -> None:
    """The exit status tells schedulers to try again."""
    pytest.importorskip("s3fs")
    env = environment(**servers.s3_settings(servers.free_port()), AWS_MAX_ATTEMPTS="1")
    impatience = ["from bbans_cli.archive import retry", "retry.FIRST_WAIT = 0.01"]
    impatience += ["import s3fs", "s3fs.S3FileSystem.retries = 1"]
    (tmp_path / "sitecustomize.py").write_text("\n".join(impatience))
    env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"
    make(tmp_path / "src", 2)
    batch("plan", "-1", tmp_path / "src", "s3://archive/out", tmp_path / "job", env=env)
    assert "the store does not answer as it should" in batch("run", "-T1", tmp_path / "job", rc=75, env=env)
    assert {row["code"] for row in rows(tmp_path / "job")} == {"unavailable"}


def test_a_host_key_that_is_not_known_is_refused(sftp, tmp_path: Path) -> None:
    settings = json.loads(sftp.settings["FSSPEC_SFTP"])
    (tmp_path / "none").write_text("")
    settings["known_hosts"] = str(tmp_path / "none")
    env = environment(FSSPEC_SFTP=json.dumps(settings))
    said = batch("plan", sftp.url, tmp_path / "dst", tmp_path / "job", rc=1, env=env)
    assert "ost key" in said


def test_without_the_packages_the_extra_is_named(tmp_path: Path) -> None:
    """Where an import fails, as where the packages are not installed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "for name in ('fsspec', 's3fs', 'gcsfs', 'sshfs', 'distributed', 'pyarrow'):\n"
        "    sys.modules[name] = None\n"
    )
    env = environment()
    env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"

    def forked(*args: object, rc: int = 0) -> str:
        words = [tmp_path / "bbc", "batch", *map(str, args)]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
        assert done.returncode == rc and "Traceback" not in done.stdout, done.stdout
        return done.stdout

    make(tmp_path / "src", 1)
    job = tmp_path / "job"
    with folder_with_bbc(tmp_path, env):
        for url, extra in (("s3://b/x", "s3"), ("gs://b/x", "gcs"), ("sftp://h/x", "sftp")):
            assert f"pip install 'bbans-cli[{extra}]'" in forked("plan", url, tmp_path / "dst", job, rc=1)
        forked("plan", "-1", tmp_path / "src", tmp_path / "dst", job)
        assert "bbans-cli[dask]" in forked("run", "--dask", "local", job, rc=1)
        forked("run", job)
        said = forked("report", "--format", "parquet", "-o", tmp_path / "x", job, rc=1)
        assert "bbans-cli[parquet]" in said
