"""What bbc bears: `python -m scripts.load.check NAME`, or `make check-load` for all of it.

    picture   a large picture, to a .bbc file and back: seconds and memory, which has a bound
    jpeg      a large JPEG file, likewise
    batch     many files in one command: memory and open files while it works
    together  processes at once on one folder, with the same inputs and outputs
    kill      kill -9 at random moments: files are as they were before the command, or as after it

Each prints what it saw and exits with 1 if that is not as it must be. The work is done in a temporary folder.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from scripts.load import kills
from scripts.load.processes import equal_pixels, leftovers, photograph, run, start, status_of, watch

# Of a batch: what memory may grow by between a tenth of its files and all of them. A line of the report is kept for
# each file until the end, about 1 kB.
MORE_BYTES, BYTES_A_FILE = 32 << 20, 2048


@click.group(help=__doc__.split("\n\n")[0])
def main() -> None:
    pass


def _end(faults: list[str]) -> None:
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(bool(faults))


@main.command()
@click.option("--mpixel", default=100.0, show_default=True)
@click.option("--levels", default="1", show_default=True, help="Such as 1,5,9.")
@click.option("--megabytes", default=1200.0, show_default=True, help="What memory must stay below.")
@click.option(
    "--seconds", default=0.0, help="Kill a command after so many, and say what it had taken by then; 0: never."
)
@click.option("--threads", default=0, help="Of bbc; 0: all cores.")
@click.option("--no-verify", is_flag=True, help="Compress with --no-verify; what comes back is compared here anyway.")
def picture(mpixel: float, levels: str, megabytes: float, seconds: float, threads: int, no_verify: bool) -> None:
    """A large picture, to a .bbc file and back."""
    side = round((1e6 * mpixel) ** 0.5)
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        photograph(side, side).save(folder / "a.png", compress_level=1)
        print(f"{side}x{side} RGB, {(folder / 'a.png').stat().st_size:,} bytes of PNG")
        for level in levels.split(","):
            compress = ["compress", f"-{level}", "-f", "a.png", *["--no-verify"] * no_verify]
            for verb in (compress, ["decompress", "-f", "-o", "b.png", "a.bbc"]):
                ended = run(*verb, "-T", str(threads), cwd=folder, seconds=seconds)
                line = f"-{level} {verb[0]:10} {ended.seconds:8.1f} s, {ended.cpu:8.1f} s of processor time"
                state = f" KILLED after {seconds:.0f} s" if ended.stopped else ""
                print(f"{line}, {ended.memory / 1e6:7.1f} MB at most{state} {ended.words}", flush=True)
                if ended.memory > megabytes * 1e6 or ended.status and not ended.stopped:
                    faults.append(f"-{level} {verb[0]}: {ended.memory / 1e6:.0f} MB, status {ended.status}")
                if ended.stopped or ended.status:
                    break
            else:
                same = equal_pixels(folder / "a.png", folder / "b.png")
                print(f"-{level} {(folder / 'a.bbc').stat().st_size:,} bytes, pixels {'equal' if same else 'DIFFER'}")
                faults += [] if same else [f"-{level}: other pixels"]
    _end(faults)


@main.command()
@click.option("--mpixel", default=100.0, show_default=True)
@click.option("--levels", default="1", show_default=True, help="Such as 1,5,9.")
@click.option("--quality", default=85, show_default=True)
@click.option("--progressive", is_flag=True)
@click.option("--threads", default=0, help="Of bbc; 0: all cores.")
@click.option("--no-verify", is_flag=True, help="Compress with --no-verify; what comes back is compared here anyway.")
def jpeg(mpixel: float, levels: str, quality: int, progressive: bool, threads: int, no_verify: bool) -> None:
    """A large JPEG file, to a .bbc file and back: 12 bytes of memory a pixel at most, and 64 MB."""
    side = round((1e6 * mpixel) ** 0.5)
    most = 12 * side * side + 64e6
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        photograph(side, side).save(folder / "a.jpg", quality=quality, progressive=progressive)
        data = (folder / "a.jpg").read_bytes()
        print(f"{side}x{side}, {len(data):,} bytes of JPEG, at most {most / 1e6:.0f} MB of memory")
        for level in levels.split(","):
            compress = ["compress", f"-{level}", "-f", "a.jpg", *["--no-verify"] * no_verify]
            for verb in (compress, ["decompress", "-f", "-o", "b.jpg", "a.bbc"]):
                ended = run(*verb, "-T", str(threads), cwd=folder)
                line = f"-{level} {verb[0]:10} {ended.seconds:8.1f} s, {ended.cpu:8.1f} s of processor time"
                print(f"{line}, {ended.memory / 1e6:7.1f} MB at most {ended.words}", flush=True)
                if ended.memory > most or ended.status:
                    faults.append(f"-{level} {verb[0]}: {ended.memory / 1e6:.0f} MB, status {ended.status}")
            same = (folder / "b.jpg").exists() and (folder / "b.jpg").read_bytes() == data
            print(f"-{level} {(folder / 'a.bbc').stat().st_size:,} bytes, {'equal' if same else 'NOT EQUAL'}")
            faults += [] if same else [f"-{level}: another file"]
            (folder / "b.jpg").unlink(missing_ok=True)
    _end(faults)


@main.command()
@click.option("--files", default=10_000, show_default=True)
def batch(files: int) -> None:
    """Many files in one command."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "in").mkdir()
        whole = photograph(1024, 768)
        for number in range(files):
            left, top = number * 37 % 960, number * 53 % 720
            piece = whole.crop((left, top, left + 12 + number % 30, top + 12 + number % 25))
            name = folder / "in" / f"{number:06d}"
            piece.save(name.with_suffix(".jpg"), quality=90) if number % 3 == 0 else piece.save(
                name.with_suffix(".png")
            )
        for verb, source, target in (("compress", "in", "packed"), ("decompress", "packed", "out")):
            process = start(verb, *["-1"] * (verb == "compress"), "-r", "-o", target, source, cwd=folder)
            seen = _watched(process, folder / target, files)
            print(f"{verb:10} files done: " + ", ".join(f"{done:,}" for done, _, _ in seen))
            print(f"{'':10} MB of memory: " + ", ".join(f"{memory / 1e6:.0f}" for _, memory, _ in seen))
            print(f"{'':10} open files: " + ", ".join(str(opened) for _, _, opened in seen), flush=True)
            if process.returncode or len(list((folder / target).iterdir())) != files:
                faults.append(f"{verb}: status {process.returncode}, {len(list((folder / target).iterdir())):,} files")
            early = [memory for done, memory, _ in seen if files // 10 <= done <= files // 4] or [seen[0][1]]
            growth, handles = seen[-1][1] - max(early), max(opened for _, _, opened in seen)
            if growth > MORE_BYTES + BYTES_A_FILE * files:
                faults.append(f"{verb}: memory grew by {growth / 1e6:.0f} MB")
            if handles > 64:
                faults.append(f"{verb}: {handles} open files")
    _end(faults)


def _watched(process: subprocess.Popen[bytes], folder: Path, files: int) -> list[tuple[int, int, int]]:
    """Files done, bytes of memory and open files of a command, a dozen times while it works."""
    seen: list[tuple[int, int, int]] = []

    def look() -> None:
        done = len(list(folder.iterdir())) if folder.exists() else 0
        if done and (not seen or done - seen[-1][0] >= files / 12):
            _, memory, opened = status_of(process.pid)
            if memory:
                seen.append((done, memory, opened))

    ended = watch(process, every=0.2, look=look)
    print(ended.words, end="")
    return seen or [(files, ended.memory, 0)]


@main.command()
@click.option("--processes", default=8, show_default=True)
@click.option("--files", default=40, show_default=True)
def together(processes: int, files: int) -> None:
    """Processes at once on one folder, with the same inputs and outputs."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        whole = photograph(1024, 768)
        for number in range(files):
            whole.crop((number, number, number + 90, number + 70)).save(folder / f"{number:03d}.png")
        for options in (["compress", "-1", "-T1", "-r"], ["compress", "-1", "-T1", "-r", "--skip-existing"]):
            running = [start(*options, ".", cwd=folder) for _ in range(processes)]
            ended = [watch(process) for process in running]
            failed = sum(line.count("exists already") for line in (each.words for each in ended))
            others = [line for each in ended for line in each.words.splitlines() if "exists already" not in line]
            print(f"{' '.join(options)}: statuses {[each.status for each in ended]}, {failed} outputs that existed")
            made = sorted(folder.glob("*.bbc"))
            checked = run("verify", "-T1", *made, cwd=folder)
            skips = "--skip-existing" in options
            if (
                len(made) != files
                or checked.status
                or leftovers(folder)
                or others
                or skips
                and any(each.status for each in ended)
            ):
                faults.append(f"{options}: {len(made)} files, {leftovers(folder)}, {others[:3]}, {checked.words}")
            if skips:
                running = [start("decompress", "-T1", "-f", "-o", "out/", *made, cwd=folder) for _ in range(processes)]
                ended = [watch(process) for process in running]
                same = all(equal_pixels(path.with_suffix(".png"), folder / "out" / f"{path.stem}.png") for path in made)
                print(
                    f"decompress -f: statuses {[each.status for each in ended]}, pixels {'equal' if same else 'DIFFER'}"
                )
                words = "".join(each.words for each in ended)
                faults += [] if same and not any(each.status for each in ended) else [f"decompress -f: {words}"]
            for path in made[:: 2 if options[-1] == "-r" else 1]:
                path.unlink()
    _end(faults)


@main.command()
@click.option("--moments", default=300, show_default=True)
@click.option("--seed", default=1, show_default=True)
def kill(moments: int, seed: int) -> None:
    """kill -9 at random moments of each command that writes or removes files."""
    begin, seen = time.monotonic(), []
    print(f"{'command':34} {'kills':>6} {'old state':>10} {'new state':>10} {'temporary files left':>21}")
    for each in kills.check(moments, seed):
        seen.append(each)
        print(f"{each.name:34} {each.kills:6} {each.old:10} {each.new:10} {each.left:21}", flush=True)
    print(f"{sum(each.kills for each in seen)} kills in {time.monotonic() - begin:.0f} s")
    _end([fault for each in seen for fault in each.faults])


if __name__ == "__main__":
    main()
