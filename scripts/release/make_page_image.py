"""Take the screenshot of `bbc page` that README.md shows, in a headless Chromium, into docs/images/page.png.

python -m scripts.release.make_page_image [PICTURE]
"""

from __future__ import annotations

import argparse
import base64
import io
from pathlib import Path

from PIL import Image

from scripts.common import browser

ROOT = Path(__file__).resolve().parents[2]
WIDTH, MOST_HEIGHT, COLOURS = 1000, 1000, 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", nargs="?", type=Path, default=ROOT / "samples/roman-colosseum.png")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs/images/page.png")
    given = parser.parse_args()
    with browser.page("-T1") as address, browser.chromium(WIDTH, MOST_HEIGHT) as driver:
        driver.get(address)
        driver.find_element("id", "files").send_keys(str(given.picture.resolve()))
        browser.wait_for(driver, lambda d: d.find_elements("css selector", "article[data-state=done]"), 600)
        images = "return [...document.images].every(image => image.complete && image.naturalWidth)"
        browser.wait_for(driver, lambda d: d.execute_script(images))
        driver.execute_script("document.querySelector('details').open = false; document.activeElement.blur()")
        height = min(
            MOST_HEIGHT, driver.execute_script("return document.querySelector('main').getBoundingClientRect().bottom")
        )
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": int(height), "scale": 1}
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    image = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(given.output, optimize=True)
    print(f"{given.output}: {given.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
