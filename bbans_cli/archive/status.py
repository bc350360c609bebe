"""How far a job is: sums of its finished shards, and the heartbeats of the processes at work."""

from __future__ import annotations

from dataclasses import dataclass

from bbans_cli.archive import metrics
from bbans_cli.archive.beats import Beat, all_beats
from bbans_cli.archive.job import Job, Plan
from bbans_cli.archive.rows import STATUSES, Totals
from bbans_cli.errors import CorruptError


@dataclass(frozen=True)
class Status:
    """How far a job is."""

    plan: Plan
    totals: Totals
    finished: int  # shards
    beats: list[Beat]

    @property
    def shards(self) -> int:
        """How many shards the plan has."""
        return len(self.plan.shards)

    @property
    def exit_status(self) -> int:
        """As Totals has it, and 75 as well while shards are open."""
        status = self.totals.exit_status
        return 75 if status == 0 and self.finished < self.shards else status

    def to_record(self) -> dict[str, object]:
        """As JSON."""
        return {
            "schema": 1,
            "files": self.plan.files,
            "bytes": self.plan.bytes,
            "shards": self.shards,
            "finished_shards": self.finished,
            "vanished_since_last_plan": self.plan.vanished,
            "outputs_without_source": self.plan.gone,
            "totals": self.totals.to_record(),
            "workers": [
                {
                    "host": beat.host,
                    "pid": beat.pid,
                    "lives": beat.lives,
                    "shard": beat.shard,
                    "files": beat.totals.files,
                    "mpixel_per_s": round(beat.speed / 1e6, 4),
                    "codes": beat.totals.codes,
                }
                for beat in self.beats
            ],
        }

    def to_prometheus(self) -> str:
        """As Prometheus text."""
        return metrics.of_job(self.totals, self.plan.files, self.shards, self.finished, self.beats)


def status_of(job: Job) -> Status:
    """How far a job is, from the first lines of its result files. Raises InputError without a plan, CorruptError."""
    plan = job.plan()
    totals, finished = job.all_totals(plan)
    if finished == len(plan.shards) and totals.files != plan.files:
        raise CorruptError(
            f"the job has results of {totals.files:,} files, and {plan.files:,} were planned; plan again"
        )
    return Status(plan, totals, finished, all_beats(job))


def lines_of(status: Status) -> list[str]:
    """For people."""
    under_way = sum(beat.shard_files for beat in status.beats if beat.lives)
    done = status.totals.files + under_way
    share = 100 * done / status.plan.files if status.plan.files else 100.0
    lines = [
        f"{done:,} of {status.plan.files:,} files ({share:.1f} %), "
        f"{status.finished:,} of {status.shards:,} shards finished",
        *totals_lines(status.totals),
    ]
    if status.plan.vanished:
        lines.append(f"{status.plan.vanished:,} files of the last plan are not there any more")
    if status.plan.gone:
        lines.append(f"{status.plan.gone:,} outputs are kept whose sources are gone")
    live = [beat for beat in status.beats if beat.lives]
    speed = sum(beat.speed for beat in live)
    if live:
        lines.append(f"{len(live):,} workers, {speed / 1e6:.3g} Mpixel/s")
    lines += [
        f"  {beat.host} {beat.pid}: {beat.totals.files:,} files, {beat.speed / 1e6:.3g} Mpixel/s, shard {beat.shard}"
        for beat in live
    ]
    lines += [f"  {beat.host} {beat.pid}: no sign of life" for beat in status.beats if not beat.lives]
    return lines


def totals_lines(totals: Totals) -> list[str]:
    """Sums for people."""
    counts = [f"{vars(totals)[status]:,} {status}" for status in STATUSES if vars(totals)[status]]
    lines = [", ".join(counts)] if counts else []
    if totals.in_bytes:
        saved = 100 * (1 - totals.out_bytes / totals.in_bytes)
        lines.append(f"{totals.in_bytes:,} -> {totals.out_bytes:,} bytes ({saved:.1f} % saved)")
    if totals.pixels:
        lines.append(f"{totals.pixels / 1e6:,.1f} Mpixel in {totals.seconds / 3600:,.2f} hours of single files")
    if totals.codes:
        lines.append("codes: " + ", ".join(f"{code} {count:,}" for code, count in sorted(totals.codes.items())))
    if totals.changed:
        lines.append(f"{totals.changed:,} sources were other ones than when they were planned")
    if totals.not_kept:
        lines.append(f"{totals.not_kept:,} outputs lack something that the source has")
    return lines
