"""Runs the lines of docs/archive.md that are marked for it; those for S3 are in tests/archive/test_stores.py."""

import os
import re
import subprocess
import sys
from pathlib import Path

from archives import environment, make
from forked_bbc import folder_with_bbc

PAGE = Path(__file__).parents[2] / "docs" / "archive.md"
BLOCKS = re.findall(r"^```sh tested\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

# sbatch --array=0-LAST%AT_ONCE --wrap COMMAND
SBATCH = """#!/bin/sh
last=${1#--array=0-} i=0
while [ "$i" -le "${last%\\%*}" ]; do
    SLURM_ARRAY_TASK_ID=$i sh -ec "$3"
    i=$((i + 1))
done
"""


def test_a_laptop_and_a_slurm_array(tmp_path: Path) -> None:
    laptop, array = (next(block for block in BLOCKS if word in block) for word in ("plan photos/", "sbatch"))
    made = make(tmp_path / "photos", 4)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sbatch").write_text(SBATCH)
    (folder / "sbatch").chmod(0o755)
    env = environment(PATH=os.pathsep.join([str(folder), os.path.dirname(sys.executable), os.environ["PATH"]]))

    def run(lines: str) -> str:
        done = subprocess.run(["sh", "-ec", lines], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with folder_with_bbc(folder, env):
        said = run(laptop)
        assert set(made) <= set(said.splitlines())  # safe to delete
        assert f"{len(made)} files restored" in said
        again = "rm -r packed job; bbc batch plan -1 --shard-files 2 photos/ packed/ job/\n" + array
        assert "2 of 2 shards finished" in run(again + "bbc batch status job/")
