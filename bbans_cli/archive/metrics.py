"""Numbers in Prometheus' text format (0.0.4): of a job, or of one process, for node_exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Iterable

from bbans_cli.archive.beats import Beat
from bbans_cli.archive.rows import STATUSES, Totals

_Sample = tuple[str, float]


def of_process(beat: Beat) -> str:
    """The sums of one process, as counters that begin with it."""
    return _totals(beat.totals) + _metric(
        "bbc_batch_heartbeat_seconds", "gauge", "Unix time of the last sign of life.", [("", beat.time)]
    )


def of_job(totals: Totals, files: int, shards: int, finished: int, beats: Iterable[Beat]) -> str:
    """The sums of a job's finished shards, and how many processes work on the others."""
    live = sum(beat.lives for beat in beats)
    return (
        _totals(totals)
        + _metric("bbc_batch_planned_files", "gauge", "Files of the plan.", [("", files)])
        + _metric("bbc_batch_planned_shards", "gauge", "Shards of the plan.", [("", shards)])
        + _metric("bbc_batch_finished_shards", "gauge", "Shards that have their results.", [("", finished)])
        + _metric("bbc_batch_workers", "gauge", "Processes that have given a sign of life.", [("", live)])
    )


def _totals(totals: Totals) -> str:
    counts = vars(totals)
    statuses = [(f'{{status="{status}"}}', float(counts[status])) for status in STATUSES]
    codes = [(f'{{code="{code}"}}', float(count)) for code, count in sorted(totals.codes.items())]
    text = _metric("bbc_batch_files_total", "counter", "Files by what became of them.", statuses)
    text += _metric("bbc_batch_codes_total", "counter", "Files by the code of their error or skip.", codes)
    text += _metric(
        "bbc_batch_in_bytes_total", "counter", "Bytes of sources that have an output.", [("", totals.in_bytes)]
    )
    text += _metric("bbc_batch_out_bytes_total", "counter", "Bytes of these outputs.", [("", totals.out_bytes)])
    text += _metric("bbc_batch_pixels_total", "counter", "Pixels of pictures that were coded.", [("", totals.pixels)])
    return text + _metric(
        "bbc_batch_coding_seconds_total", "counter", "Seconds on single files.", [("", totals.seconds)]
    )


def _metric(name: str, kind: str, text: str, samples: Iterable[_Sample]) -> str:
    rows = "".join(f"{name}{labels} {value:.15g}\n" for labels, value in samples)
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n{rows}"
