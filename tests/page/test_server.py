"""The server of `bbc page`: no web site may reach it, it says what is wrong, and leaves nothing behind."""

import asyncio
import contextlib
import errno
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import jpeg_pictures
import numpy as np
import pytest
from PIL import Image

import bbans_cli
from scripts.common import browser

pytest.importorskip("starlette", reason="needs starlette")


class Client:
    """One connection to the page for each request."""

    def __init__(self, address):
        self.host = urlsplit(address).netloc

    def __call__(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, data

    def code(self, *args, **headers):
        status, _, data = self(*args, **headers)
        return status, json.loads(data)["error"]["code"]


@pytest.fixture
def client(address):
    return Client(address)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "",
        "192.168.0.1",
        "[::1",
        "::1",
        "user@localhost",
        "localhost:abc",
        "localhost:",
        "localhost/",
    ],
)
def test_foreign_hosts_are_refused(client, host):
    assert client.code("GET", "/", Host=host) == (400, "host")
    assert client.code("POST", "/jobs", b"x", Host=host) == (400, "host")


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "LOCALHOST:80", "[::1]", "[::1]:8000"])
def test_names_of_this_machine_are_taken(client, host):
    status, headers, data = client("GET", "/", Host=host)
    assert status == 200 and b"Drop pictures" in data
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_changes_that_another_origin_asks_for_are_refused(client, origin):
    assert client.code("POST", "/jobs", b"x", Origin=origin) == (403, "origin")
    assert client.code("DELETE", "/jobs/1", Origin=origin) == (403, "origin")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_changes_that_a_browser_says_are_another_sites_are_refused(client, site):
    assert client.code("POST", "/jobs", b"x", Sec_Fetch_Site=site) == (403, "origin")
    assert client.code("DELETE", "/jobs/1", Sec_Fetch_Site=site) == (403, "origin")
    assert client("GET", "/", Sec_Fetch_Site=site)[0] == 200  # a link


def done(client, name, data, level=1):
    """The result of a file, and its files by name."""
    status, _, answer = client("POST", f"/jobs?level={level}&name={name}", data)
    assert status == 202
    job = json.loads(answer)
    while job["state"] == "working":
        time.sleep(0.05)
        job = json.loads(client("GET", f"/jobs/{job['id']}")[2])
    assert job["state"] == "done", job["error"]
    return job["result"], lambda key: client("GET", f"/jobs/{job['id']}/{key}")


def test_a_jpeg_file_without_pixels_comes_back_all_the_same(client):
    data = b"\xff\xd8\xff" + bytes(99)
    result, file = done(client, "a.jpg", data)
    assert result["kind"] == "jpeg" and result["check"] == "every byte of the file came back"
    assert "width" not in result and "map" not in result
    assert file("restored")[2] == data and file("sheet")[0] == 404
    packed = file("packed")[2]
    assert result["rows"][-1]["size"] == len(packed)
    result, file = done(client, "a.bbc", packed)
    assert file("restored")[2] == data and result["check"] == "every checksum is right"
    assert result["kind"] == bbans_cli.header(packed).kind and "width" not in result


def test_a_lossy_file_is_named_one(client):
    out = io.BytesIO()
    Image.fromarray(jpeg_pictures.photo(20, 30)).save(out, "WEBP", quality=80)
    result, _ = done(client, "a.webp", out.getvalue())
    assert result["check"] == "every pixel came back" and "lossy" in result["warnings"][0]
    out = io.BytesIO()
    Image.fromarray(jpeg_pictures.photo(20, 30)).save(out, "WEBP", lossless=True)
    assert done(client, "b.webp", out.getvalue())[0]["warnings"] == []


def test_a_picture_that_cannot_be_read_is_an_error(client):
    answer = json.loads(client("POST", "/jobs?name=a.png", b"\x89PNG\r\n\x1a\n" + bytes(40))[2])
    while answer["state"] == "working":
        answer = json.loads(client("GET", f"/jobs/{answer['id']}")[2])
    assert (answer["state"], answer["error"]["code"]) == ("failed", "input")


def test_requests_that_are_wrong_have_codes(client):
    assert client.code("POST", "/jobs", b"", Content_Length="0") == (400, "input")
    assert client.code("POST", "/jobs?level=7", b"x") == (400, "request")
    assert client.code("POST", "/jobs", None, Content_Length=str(300 << 20)) == (413, "limit")
    assert client.code("GET", "/jobs/none") == (404, "not-found")
    assert client.code("GET", "/none") == (404, "not-found")
    assert client.code("PUT", "/jobs") == (405, "request")


def post(app, receive):
    """What the page answers to a body without a length: the status, and the JSON."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/jobs",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    with contextlib.suppress(OSError):  # which the server lets go on to its log
        asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])["error"]


def test_a_body_without_a_length_is_bounded_too():
    from bbans_cli.page import server
    from bbans_cli.page.work import Worker

    async def receive():
        return {"type": "http.request", "body": bytes(1 << 19), "more_body": True}

    status, error = post(server.application(Worker(1, 1000), most_bytes=1 << 20), receive)
    assert status == 413 and error["code"] == "limit"


def test_one_picture_at_a_time_can_be_given_up(client):
    rng = np.random.default_rng(1)
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (140, 140, 3), np.uint8)).save(out, "PNG")
    status, _, data = client("POST", "/jobs?level=9&name=../../a%00b.png", out.getvalue())
    job = json.loads(data)
    assert status == 202 and job["name"] == "ab.png"
    assert client.code("POST", "/jobs", out.getvalue()) == (409, "busy")
    assert client("DELETE", f"/jobs/{job['id']}")[0] == 202
    for _ in range(600):
        record = json.loads(client("GET", f"/jobs/{job['id']}")[2])
        if record["state"] != "working":
            break
        time.sleep(0.1)
    assert (record["state"], record["error"]["code"]) == ("failed", "cancelled")
    assert client("GET", f"/jobs/{job['id']}/..%2f..%2fpasswd")[0] == 404


def test_old_results_make_room(monkeypatch):
    from bbans_cli.page import jobs

    monkeypatch.setattr(jobs, "MOST_KEPT_JOBS", 2)
    found = jobs.Jobs(lambda job, data: job.write("file", data, "text/plain"))
    made = []
    for _ in range(3):
        made.append(found.start(b"abc", "a", 1))
        found._thread.join()
    assert found.get(made[0].id) is None and made[0]._file.closed
    assert b"".join(made[2].pieces("file")) == b"abc" and made[2].state == "done"
    begun = made[2].pieces("file")
    assert next(begun) == b"abc"  # with a descriptor of its own
    found.close()
    assert list(begun) == [] and made[1]._file.closed and made[2]._file.closed


def test_a_full_disk_is_said(monkeypatch):
    from bbans_cli.page import jobs

    def fail(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    found = jobs.Jobs(fail)
    job = found.start(b"abc", "a", 1)
    found._thread.join()
    assert (job.state, job.error) == ("failed", {"code": "no-space", "message": "no space left on device"})
    found.close()
    assert jobs.record(MemoryError()) == {"code": "memory", "message": "not enough memory"}
    assert jobs.record(KeyError("a"))["message"] == "internal error: KeyError: 'a'"


def test_an_error_before_the_work_is_json_too(monkeypatch):
    from bbans_cli.page import jobs, server
    from bbans_cli.page.work import Worker

    def fail(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def receive():
        return {"type": "http.request", "body": b"abc", "more_body": False}

    monkeypatch.setattr(jobs, "Job", fail)
    status, error = post(server.application(Worker(1, 1000)), receive)
    assert status == 500 and error == {"code": "no-space", "message": "no space left on device"}


def begin_work(host):
    """Send a picture, and come back once results of it are written."""
    out = io.BytesIO()
    Image.fromarray(jpeg_pictures.photo(300, 400)).save(out, "PNG")
    with contextlib.closing(http.client.HTTPConnection(host)) as connection:
        connection.request("POST", "/jobs?level=9&name=a.png", out.getvalue())
        job = json.loads(connection.getresponse().read())
        while "PNG" not in str(job["result"]):
            connection.request("GET", f"/jobs/{job['id']}")
            job = json.loads(connection.getresponse().read())
    assert job["state"] == "working"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["early", "working"])
def test_nothing_is_left_however_it_ends(signum, moment, tmp_path):
    command = [sys.executable, "-m", "bbans_cli", "page", "--no-browser", "-T1", "--port", "0"]
    places = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(browser.ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=places, cwd=tmp_path)
    with process:
        if moment == "early":
            time.sleep(0.5)  # it imports, or has just begun to listen
        else:
            begin_work(urlsplit(process.stdout.readline().decode().strip()).netloc)
            assert list(tmp_path.iterdir()) == []
        process.send_signal(signum)
        try:
            assert process.wait(20) == -signum
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_an_import_caught_ends_it():
    program = (
        "import os, signal, time\n"
        "from bbans_cli.cli import main, signals\n"
        "install = signals.install\n"
        "def installed():\n"
        "    install()\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(9)\n"
        "    except BaseException:\n"
        "        pass\n"
        "signals.install = installed\n"
        "main.run(['page', '--no-browser', '--port', '0'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=browser.ROOT, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, b"", b"")


def test_the_port_may_be_taken(address):
    port = str(urlsplit(address).port)
    command = [sys.executable, "-m", "bbans_cli", "page", "--no-browser", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, cwd=browser.ROOT)
    assert (done.returncode, done.stderr) == (
        1,
        f"bbc: port {port}: address already in use; --port 0 takes one that is free\n",
    )


def test_a_missing_extra_is_named(tmp_path: Path):
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError('no', name='starlette')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from bbans_cli.cli import main; "
    code += "sys.exit(main.run(['page']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=browser.ROOT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "bbc: the page needs starlette and uvicorn: pip install 'bbans-cli[page]'\n"
