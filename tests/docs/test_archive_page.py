"""Runs the lines of docs/archive.md that are marked for it; those for S3 are in tests/archive/test_stores.py."""

import os
import re
import subprocess
import sys
from pathlib import Path

from archives import environment, make

PAGE = Path(__file__).parents[2] / "docs" / "archive.md"
BLOCKS = re.findall(r"^```sh tested\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

PROGRAMS = {
    "bbc": 'exec python -m bbans_cli "$@"',
    # sbatch --array=0-LAST%AT_ONCE --wrap COMMAND
    "sbatch": """
last=${1#--array=0-} i=0
while [ "$i" -le "${last%\\%*}" ]; do
    SLURM_ARRAY_TASK_ID=$i sh -ec "$3"
    i=$((i + 1))
done""",
}


def test_a_laptop_and_a_slurm_array(tmp_path: Path) -> None:
    laptop, array = (next(block for block in BLOCKS if word in block) for word in ("plan photos/", "sbatch"))
    made = make(tmp_path / "photos", 4)
    (tmp_path / "bin").mkdir()
    for name, text in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    env = environment(
        PATH=os.pathsep.join([str(tmp_path / "bin"), os.path.dirname(sys.executable), os.environ["PATH"]])
    )
    done = subprocess.run(["sh", "-ec", laptop], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(made) <= set(done.stdout.splitlines())  # safe to delete
    assert f"{len(made)} files restored" in done.stdout
    again = "rm -r packed job; bbc batch plan -1 --shard-files 2 photos/ packed/ job/\n" + array
    done = subprocess.run(
        ["sh", "-ec", again + "bbc batch status job/"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 shards finished" in done.stdout
