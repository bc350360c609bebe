"""Take the screenshot of `bbc page` that README.md shows, in a headless Chromium, into docs/images/page.png.

python -m scripts.release.make_page_image [PICTURE]

The middle of the picture is taken, so that it is done in seconds. Times in the screenshot are of one thread.
"""

from __future__ import annotations

import argparse
import base64
import io
import tempfile
from pathlib import Path

from PIL import Image

from scripts.common import browser

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1000, 900
ACROSS, DOWN = 480, 320  # pixels of the picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", nargs="?", type=Path, default=ROOT / "samples/roman-colosseum.png")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs/images/page.png")
    given = parser.parse_args()
    shot = screenshot(given.picture)
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(given.output, optimize=True)
    print(f"{given.output}: {given.output.stat().st_size:,} bytes")


def screenshot(picture: Path) -> bytes:
    """The page once it has the picture's sizes and its heat map, as a PNG file."""
    with (
        tempfile.TemporaryDirectory() as folder,
        browser.page("-T1") as address,
        browser.chromium(WIDTH, HEIGHT) as driver,
    ):
        middle = Path(folder, picture.name)
        with Image.open(picture) as whole:
            left, top = (whole.width - ACROSS) // 2, (whole.height - DOWN) // 2
            whole.crop((left, top, left + ACROSS, top + DOWN)).save(middle)
        driver.get(address)
        driver.find_element("id", "files").send_keys(str(middle))
        browser.wait_for(driver, lambda d: d.find_elements("css selector", "article[data-state=done]"), 600)
        images = "return [...document.images].every(image => image.complete && image.naturalWidth)"
        browser.wait_for(driver, lambda d: d.execute_script(images))
        driver.execute_script("document.querySelector('details').open = false; document.activeElement.blur()")
        bottom = driver.execute_script("return document.querySelector('main').getBoundingClientRect().bottom")
        metrics = {"width": WIDTH, "height": int(bottom), "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        taken = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    return base64.b64decode(taken["data"])


if __name__ == "__main__":
    main()
