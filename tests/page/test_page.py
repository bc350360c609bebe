"""`bbc page` as its user meets it: in a browser, and by keyboard alone."""

import base64
import io
import shutil

import jpeg_pictures
import numpy as np
import pytest
from PIL import Image

import bbans_cli
from scripts.common import browser

pytest.importorskip("starlette", reason="needs starlette")
pytest.importorskip("selenium", reason="needs selenium")
pytestmark = pytest.mark.slow  # a browser; test_server.py asks the server without one

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


def test_a_jpeg_file_without_pixels_gets_its_size_and_downloads(driver, address, downloads):
    driver.get(address)
    data = b"\xff\xd8\xff" + bytes(99)
    drop(driver, "a.jpg", data)
    assert finished(driver) == "done"
    assert first(driver, ".facts").text == "no pixels that can be read, JPEG file, 102 bytes given"
    assert "every byte of the file came back" in first(driver, ".links .check").text
    assert list(links(driver)) == ["Download .bbc file", "Download restored file"]
    assert not first(driver, ".pair").is_displayed() and not first(driver, "details").is_displayed()
    assert download(driver, downloads, links(driver)["Download restored file"]).read_bytes() == data


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
