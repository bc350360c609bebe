"""Configurations of trainings, and the list of the training pictures. No torch."""

import hashlib
import re
from pathlib import Path

import pytest

from bbans_cli.coders.neural import levels
from bbans_cli.training import config

ROOT = Path(__file__).parents[2]
CONFIGS = {path.stem: path for path in sorted((ROOT / "scripts" / "training" / "configs").glob("*.toml"))}
TEXT = CONFIGS["default"].read_text()


def test_each_weights_file_has_a_configuration():
    read = {name: config.read(path) for name, path in CONFIGS.items()}
    names = {name for level in levels.LEVELS.values() for name in level.networks()} | {"fitted"}
    assert sorted(each.weights for each in read.values()) == sorted(names)
    for each in read.values():
        assert not each.start or read[each.start].network == each.network
        assert not each.start or not read[each.start].start


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[draw]", "[draw]\nsize = 3", "draw: unknown key 'size'"),
        ("hidden = 144", "hiden = 144", "network: unknown key 'hiden'"),
        ("[pictures]", "[pictures]\nsea = { shar = 1 }", "pictures.sea: unknown key 'shar'"),
        ("rate = 2e-3", "", "stages[0]: no key 'rate'"),
        ("rate = 2e-3", "rate = 'full'", "stages[0]: rate: 'full' is no float"),
        ("seed = 1", "seed = true", "seed: True is no int"),
        ("latents = [16]", "latents = 16", "latents: 16 is no list or table"),
        ("[network]", "[network", "(at line"),
        ("minutes = ", "minutes = 9", "minutes; a training has at most 360"),
        ("steps = 112_000", "steps = 0", "stages[0]: steps: 0 is not above 0"),
        ("side = 256", "side = 64", "draw.side: of crops it is 96 to 1024"),
        ('kind = "crops"', 'kind = "samples"', "draw.kind: the fitted model needs samples"),
        ('model = "neural"', 'model = "other"', "model: 'other' is none of neural, fitted"),
        ('model = "neural"', 'model = "fitted"', "network: a neural model needs it"),
        ('weights = "medium"', 'weights = "huge"', "weights: no level has 'huge'"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path, old, new, message):
    assert old in TEXT
    path = tmp_path / "wrong.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(config.ConfigError, match=re.escape(message)) as caught:
        config.read(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_the_fitted_network_is_not_trained_by_scans(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(CONFIGS["fitted"].read_text() + "scans = true\n")
    with pytest.raises(config.ConfigError, match="stages: scans: of a neural model alone"):
        config.read(path)


def test_a_shortened_training_has_all_stages():
    whole = config.read(CONFIGS["default"])
    short = whole.shortened(whole.minutes / 1000)
    assert short.minutes == pytest.approx(whole.minutes / 1000) and len(short.stages) == len(whole.stages)
    assert [stage.steps for stage in short.stages] == [round(stage.steps / 1000) for stage in whole.stages]


def test_the_list_of_pictures_says_what_differs(script, tmp_path, monkeypatch):
    manifest = script("training.manifest")
    listed = manifest.listed()
    assert len(listed) == len(manifest.MANIFEST.read_text().splitlines()) - 1
    for line in manifest.MANIFEST.read_text().splitlines()[1:]:
        digest, name, *rest = line.split("\t")
        assert re.fullmatch("[0-9a-f]{64}", digest)
        assert tuple(rest) == manifest.origin(name.split("/")[0], Path(name).name)
    for name in ("camera/same.png", "camera/new.png", "camera/changed.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    rows = [(hashlib.sha256(b"camera/same.png").hexdigest(), "camera/same.png"), ("0", "camera/changed.png")]
    rows += [("0", "camera/gone.png"), ("0", "photos/other.png")]
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "list.tsv")
    manifest.MANIFEST.write_text("".join(f"{a}\t{b}\t\t\n" for a, b in [("sha256", "file"), *rows]))
    assert manifest.differences(tmp_path, ["camera"]) == [
        "1 of 3 missing: camera/gone.png",
        "1 of 3 not in the manifest: camera/new.png",
        "1 of 3 not the manifest's file: camera/changed.png",
    ]
    assert manifest.differences(tmp_path, []) == []
