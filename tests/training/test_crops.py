"""Training batches: shapes, taps where the neighbourhood says, least squares that saw the whole picture. No torch."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tiny
from PIL import Image

from bbans_cli.coders.neural.band_scan import LS_COLUMNS
from bbans_cli.coders.neural.neighbourhood import BLOCK, PHASE_ROWS, REACH, TAPS
from bbans_cli.training.config import Draw, Folder
from bbans_cli.training.crops import Crops, held_out
from bbans_cli.training.pictures import Pictures, files, interleaved, planes_of, read, to_ycbcr
from bbans_cli.training.pool import AHEAD, Pool
from bbans_cli.training.regions import SIDE, Region, least_squares
from bbans_cli.training.thumbnails import Thumbnails

BLOCKS, PIXELS = 12, 7


@pytest.fixture
def folder(tmp_path):
    for name, height, width, channels in (("a/1", 100, 90, 3), ("a/2", 70, 150, 1), ("b/1", 60, 40, 3)):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(tiny.picture(height, width, channels).squeeze()).save(path)
    return tmp_path


@pytest.fixture
def source(folder):
    """Makes a source of batches of the pictures of `folder`."""
    drawn = Pictures(folder, {"a": Folder(1.0, scaled=0.4, ycbcr=0.7), "b": Folder(0.5)})
    crops = Draw("crops", side=256, kept=5, first=3, interval=2, grey=0.1, grid=0.8, bordered=0.3, without_latents=0.2)
    thumbnails = Draw("thumbnails", side=BLOCK, kept=12, first=12, interval=1, grey=0.1)
    with ThreadPoolExecutor(2) as workers:
        yield lambda kind: kind(drawn, crops if kind is Crops else thumbnails, 3, workers)


def test_a_batch_holds_what_it_says(source):
    batch = source(Crops).batch(0, BLOCKS, PIXELS)
    n = BLOCKS * PIXELS
    assert batch.planes.shape == (3, BLOCKS * SIDE * SIDE) and batch.planes.dtype == np.uint8
    assert batch.pixels.shape == (n,) and batch.taps.shape == batch.known.shape == (n, len(TAPS))
    assert batch.least_squares.shape == (n, LS_COLUMNS) and batch.phase.shape == (n, 3)
    assert batch.mask.shape == (BLOCKS, (BLOCK // 4) ** 2) and batch.latent.shape == batch.area.shape == (BLOCKS,)
    patches = batch.planes.reshape(3, BLOCKS, SIDE, SIDE)
    assert np.array_equal(batch.blocks.transpose(1, 0, 2, 3), patches[:, :, REACH:-REACH, REACH:-REACH])
    assert np.array_equal(batch.pixels // SIDE**2, np.repeat(np.arange(BLOCKS), PIXELS))
    assert batch.phase.min() >= 0 and batch.phase.max() <= PHASE_ROWS
    assert np.array_equal(batch.taps // SIDE**2, np.broadcast_to(batch.pixels[:, None] // SIDE**2, batch.taps.shape))


@pytest.mark.parametrize("kind", [Crops, Thumbnails])
def test_a_step_has_the_same_batch_after_a_restart(source, kind):
    first, second = source(kind), source(kind)
    for step in range(30):
        batch = first.batch(step, BLOCKS, PIXELS)
    again = second.batch(29, BLOCKS, PIXELS)
    assert all(np.array_equal(x, y) for x, y in zip(vars(batch).values(), vars(again).values(), strict=True))


def test_a_pool_keeps_the_latest():
    made = []
    with ThreadPoolExecutor(1) as workers:
        pool = Pool(lambda number: made.append(number) or number, 4, workers)
        for n in (2, 2, 3, 9):
            pool.grow(n)
            assert [pool[i] for i in range(len(pool))] == list(range(max(0, n - 4), n))
    assert made == sorted(set(made)) and made[-1] == 8 + AHEAD


def test_taps_inside_a_picture_are_read_where_they_are(folder):
    batch = held_out(files(folder / "a"), blocks=4, seed=2, pixels=PIXELS)
    offsets = np.array([dy * SIDE + dx for dy, dx in TAPS])
    assert np.array_equal(batch.taps, batch.pixels[:, None] + offsets) and batch.known.all() and batch.latent.all()


def test_the_least_squares_of_a_cut_saw_the_whole_picture(folder):
    planes = planes_of(read(folder / "a" / "1.png"))
    whole = Region.whole(planes, np.arange(90), np.arange(100), grid=True)
    cut = whole.cut(top=20, left=10)
    assert np.array_equal(cut.least_squares, least_squares(planes, (0, 0))[20 : 20 + SIDE, 10 : 10 + SIDE])
    assert cut.columns[0] == 10 and cut.rows[0] == 20


def test_a_bordered_patch_is_a_picture_of_its_own(folder):
    planes = planes_of(read(folder / "a" / "1.png"))
    patch = Region.whole(planes, np.arange(90), np.arange(100), grid=False).cut(top=10, left=5)
    bordered = patch.bordered(height=20, width=30, grid=False)
    inside = slice(REACH, REACH + 20), slice(REACH, REACH + 30)
    assert np.array_equal(bordered.least_squares[inside], least_squares(patch.planes[(slice(None), *inside)]))
    assert bordered.rows[REACH] == bordered.columns[REACH] == 0


def test_planes_are_in_coding_order_and_back(folder):
    picture = read(folder / "a" / "1.png")
    pixels = np.asarray(picture)
    assert np.array_equal(planes_of(picture)[0], pixels[:, :, 1])
    assert np.array_equal(interleaved(planes_of(picture)), pixels)
    assert np.array_equal(to_ycbcr(planes_of(picture)), planes_of(picture))  # no JPEG decoder made it


def test_thumbnails_are_whole_pictures(source):
    drawn = source(Thumbnails)
    batch = drawn.batch(0, BLOCKS, PIXELS)
    assert batch.planes.shape == (3, BLOCKS * SIDE * SIDE)
    assert batch.least_squares.shape == (BLOCKS * PIXELS, LS_COLUMNS)
    assert not batch.latent.any() and (batch.phase == PHASE_ROWS).all()
    rows, columns = (batch.pixels // SIDE % SIDE - REACH, batch.pixels % SIDE - REACH)
    assert rows.min() >= 0 and columns.min() >= 0
    assert (batch.area.repeat(PIXELS) > np.maximum(rows, columns)).all() and batch.area.max() == BLOCK * BLOCK
    # a tap beyond the border is one of the picture's own pixels
    tap_rows, tap_columns = batch.taps // SIDE % SIDE - REACH, batch.taps % SIDE - REACH
    assert tap_rows.min() >= 0 and 0 <= tap_columns.min() and tap_columns.max() < BLOCK
    whole = next(patch for patch, height, width in drawn.kept if (height, width) == (BLOCK, BLOCK))
    inside = slice(REACH, REACH + BLOCK)
    expected = least_squares(np.ascontiguousarray(whole.planes[:, inside, inside]))
    assert np.array_equal(whole.least_squares[inside, inside], expected)
