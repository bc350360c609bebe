"""`bbc page` as its user meets it: in a browser, by keyboard alone, and as a server that no web site may reach."""

import asyncio
import base64
import contextlib
import http.client
import io
import json
import os
import shutil
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
pytest.importorskip("selenium", reason="needs selenium")

# Drops a file, whose bytes come in base64, where a user would.
DROP = """
const [name, coded] = arguments, bytes = Uint8Array.from(atob(coded), letter => letter.charCodeAt(0));
const data = new DataTransfer();
data.items.add(new File([bytes], name));
const how = {dataTransfer: data, bubbles: true, cancelable: true}, place = document.querySelector("#drop");
for (const kind of ["dragenter", "dragover", "drop"]) place.dispatchEvent(new DragEvent(kind, how));
"""
SUFFIXES = (".bbc", ".png", ".jpg")  # of complete downloads
FINISHED = "article[data-state]"


@pytest.fixture(scope="module")
def address():
    with browser.page("-T1", "--max-pixels", "20000") as found:
        yield found


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def driver(address, downloads):
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromium-driver")
    with browser.chromium(downloads=downloads) as found:
        yield found


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "näme & more.png"
    Image.fromarray(jpeg_pictures.photo(48, 64)).save(path)
    return path


def drop(driver, name, data):
    driver.execute_script(DROP, name, base64.b64encode(data).decode())


def first(driver, selector):
    return driver.find_element("css selector", f"article:first-child {selector}")


def finished(driver):
    """The state of the first article, once it has one."""
    article = browser.wait_for(driver, lambda d: d.find_elements("css selector", "article:first-child[data-state]"))[0]
    return article.get_attribute("data-state")


def download(driver, folder, link):
    before = set(folder.iterdir())
    driver.execute_script("arguments[0].click()", link)

    def complete(driver):
        return [path for path in set(folder.iterdir()) - before if path.suffix in SUFFIXES and path.stat().st_size]

    return browser.wait_for(driver, complete)[0]


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


def links(driver):
    return {link.text: link for link in driver.find_elements("css selector", "article:first-child .links a")}


def test_a_dropped_picture_gets_sizes_a_heat_map_and_downloads(driver, address, downloads, png):
    driver.get(address)
    driver.execute_script("document.querySelector(\"[value='1']\").click()")
    drop(driver, png.name, png.read_bytes())
    assert finished(driver) == "done"
    assert first(driver, "h2").text == png.name
    rows = [row.text for row in driver.find_elements("css selector", "article:first-child .sizes tbody tr")]
    assert [row.split()[0] for row in rows] == ["PNG", "WebP", "JPEG", ".bbc,"]
    assert "than PNG" in first(driver, ".lead").text and "every pixel came back" in first(driver, ".check").text
    shown = "return [...document.querySelectorAll('article:first-child img')].map(i => [i.complete, i.naturalWidth])"
    assert browser.wait_for(driver, lambda d: d.execute_script(shown) == [[True, 64], [True, 64]])
    assert first(driver, ".ticks").text.split()[0] == "0" and "bits per pixel" in first(driver, ".unit").text
    assert driver.find_element("id", "live").get_attribute("textContent").startswith(f"{png.name}: done, ")
    found = links(driver)
    packed = download(driver, downloads, found["Download .bbc file"])
    assert packed.name == "näme & more.bbc"
    assert packed.read_bytes() == bbans_cli.compress(png, level=1)
    restored = download(driver, downloads, found["Download restored picture"])
    assert np.array_equal(opened(restored), opened(png))
    assert opened(download(driver, downloads, found["Download heat map"])).shape[2] == 3
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_jpeg_file_and_then_its_bbc_file(driver, address, downloads):
    out = io.BytesIO()
    Image.fromarray(jpeg_pictures.photo(48, 64)).save(out, "JPEG", quality=90)
    driver.get(address)
    drop(driver, "shot.jpg", out.getvalue())
    assert finished(driver) == "done"
    assert "every byte of the file came back" in first(driver, ".check").text
    assert "8x8 block" in first(driver, ".heat figcaption").text
    packed = download(driver, downloads, links(driver)["Download .bbc file"])
    drop(driver, "shot.bbc", packed.read_bytes())
    browser.wait_for(driver, lambda d: len(d.find_elements("css selector", FINISHED)) == 2)
    assert first(driver, "h2").text == "shot.bbc" and "every checksum is right" in first(driver, ".check").text
    restored = download(driver, downloads, links(driver)["Download restored file"])
    assert restored.suffix == ".jpg" and restored.read_bytes() == out.getvalue()


def test_what_is_wrong_is_said(driver, address):
    driver.get(address)
    out = io.BytesIO()
    Image.new("L", (200, 200)).save(out, "PNG")
    drop(driver, "large.png", out.getvalue())
    drop(driver, "text.txt", b"no picture")
    browser.wait_for(driver, lambda d: len(d.find_elements("css selector", FINISHED)) == 2)
    problems = [each.text for each in driver.find_elements("css selector", ".problem")]
    assert problems == ["not a picture file that bbc knows", "200x200 is 40,000 pixels, above the limit of 20,000"]
    assert first(driver, ".problem").get_attribute("role") == "alert"
    assert not any(first(driver, part).is_displayed() for part in (".pair", ".work", ".sizes", ".links"))


def test_by_keyboard_alone(driver, address, png):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        ActionChains(driver).send_keys(*keys).perform()
        return driver.switch_to.active_element

    driver.get(address)
    chooser = press(Keys.TAB)
    assert chooser.get_attribute("id") == "files" and chooser.accessible_name == "Choose files"
    level = press(Keys.TAB)
    assert (level.get_attribute("value"), level.accessible_name) == ("5", "default")
    assert press(Keys.ARROW_LEFT).get_attribute("value") == "1"
    chooser.send_keys(str(png))  # the dialogue itself is the system's
    assert finished(driver) == "done"
    reached = []
    for _ in range(4):
        reached.append(press(Keys.TAB))
    assert reached[0].tag_name == "summary"
    assert [each.accessible_name for each in reached[1:]] == list(links(driver))
    reached[0].send_keys(Keys.ENTER)
    assert first(driver, ".totals").is_displayed()
    outline = driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("width, dark", [(1200, True), (400, False)])
def test_dark_and_narrow(address, width, dark, png):
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromium-driver")
    with browser.chromium(width, 700, dark) as driver:
        driver.get(address)
        driver.find_element("id", "files").send_keys(str(png))
        assert finished(driver) == "done"
        driver.execute_script("document.querySelector('details').open = true")
        ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, ground[4:-1].split(","))) < 128) == dark
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width


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
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "192.168.0.1", "[::1"]
)
def test_foreign_hosts_are_refused(client, host):
    assert client.code("GET", "/", Host=host) == (400, "host")
    assert client.code("POST", "/jobs", b"x", Host=host) == (400, "host")


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost"])
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


def test_requests_that_are_wrong_have_codes(client):
    assert client.code("POST", "/jobs", b"", Content_Length="0") == (400, "input")
    assert client.code("POST", "/jobs?level=7", b"x") == (400, "request")
    assert client.code("POST", "/jobs", None, Content_Length=str(300 << 20)) == (413, "limit")
    assert client.code("GET", "/jobs/none") == (404, "not-found")
    assert client.code("GET", "/none") == (404, "not-found")
    assert client.code("PUT", "/jobs") == (405, "request")


def test_a_body_without_a_length_is_bounded_too():
    from bbans_cli.page import server
    from bbans_cli.page.work import Worker

    sent = []
    app = server.application(Worker(1, 1000), most_bytes=1 << 20)

    async def receive():
        return {"type": "http.request", "body": bytes(1 << 19), "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/jobs",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 413 and json.loads(sent[1]["body"])["error"]["code"] == "limit"


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

    monkeypatch.setattr(jobs, "MOST_JOBS", 2)
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
        assert process.wait(20) == -signum
    assert list(tmp_path.iterdir()) == []


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
