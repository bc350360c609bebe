"""One shard from its claim to its result file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bbans_cli.archive import claims, isolated, pipeline
from bbans_cli.archive.compress_shard import Compressor
from bbans_cli.archive.heartbeat import Heartbeat
from bbans_cli.archive.job import VERIFIED, Job, Plan
from bbans_cli.archive.restore_shard import Restorer
from bbans_cli.archive.rows import CRASHED, FAILED, OK, Planned, Result, Totals
from bbans_cli.archive.store import Store
from bbans_cli.archive.stores import open_store
from bbans_cli.archive.verify_shard import Verifier, in_sample


@dataclass(frozen=True)
class Retry:
    """Which results of finished shards are to be done again: those with one of these statuses or codes."""

    words: tuple[str, ...] = (FAILED, CRASHED)

    def picks(self, row: Result) -> bool:
        """Whether this result is to be done again."""
        return row.status in self.words or row.code in self.words

    def may_pick(self, totals: Totals) -> bool:
        """Whether a shard with these sums has such results."""
        return any(vars(totals).get(word, 0) or totals.codes.get(word, 0) for word in self.words)


@dataclass
class Worker:
    """What a process needs for any number of shards of a job. Stores are opened once."""

    job: Job
    plan: Plan
    threads: int
    run_id: str = ""
    lease: float = claims.LEASE
    heartbeat: Heartbeat | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    report: Callable[[Result], None] = lambda row: None
    _stores: tuple[Store, Store] | None = None

    @property
    def stores(self) -> tuple[Store, Store]:
        """Those of the sources and of the outputs."""
        if self._stores is None:
            settings = self.plan.settings
            self._stores = open_store(settings.source), open_store(settings.destination)
        return self._stores

    def compress(self, number: int, retry: Retry | None = None) -> Totals | None:
        """Do an open shard, or with `retry` what it picks of a finished one. None: somebody else is at it."""
        claim = claims.take(self.job, number, self.run_id, self.lease)
        if claim is None:
            return None
        claim.keep()
        finished = False
        try:
            rows = self.job.shard(number)
            results = {row.key: row for row in self.job.results(number)}
            if retry is not None:
                earlier = {row.key: row for row in self.job.proven_results(number) if row.has_output}
                rows = [replace(row, before=earlier.get(row.key, row.before)) for row in rows]
                rows = [row for row in rows if row.key not in results or retry.picks(results[row.key])]
            elif results:
                finished = True  # by somebody else, just before the claim
                return self.job.totals(number)
            for result in self._results(rows, claim, number):
                results[result.key] = result
                claim.add(result)
                self._tell(result)
            order = [row.key for row in self.job.shard(number)]
            totals = self.job.write_results(number, [results[key] for key in order])
            finished = True
            return totals
        finally:
            if not finished:
                self.stop.set()
            claim.release(finished)

    def _tell(self, result: Result) -> None:
        self.report(result)
        if self.heartbeat is not None:
            self.heartbeat.add(result)

    def _results(self, rows: Sequence[Planned], claim: claims.Claim, number: int) -> Iterator[Result]:
        if self.heartbeat is not None:
            self.heartbeat.begin(number)
        known = dict(claim.finished)  # the claim adds to its own
        compressor = Compressor(self.plan.settings, *self.stores, known)
        if not claim.alone:
            return pipeline.run(rows, compressor.stages(), self.threads, self.stop)
        return isolated.run(self.job, number, rows, compressor, self.threads)

    def verify(self, number: int, share: float, seed: str, new: bool = False) -> Totals:
        """Decode a sample of a finished shard's outputs. What was found in order before, and is not in it, stays so.

        new  only what was not found in order before
        """
        rows = [row for row in self.job.results(number) if row.has_output]
        shas = {row.key: row.sha256 for row in rows}
        earlier = self.job.results(number, VERIFIED)
        found = {row.key: row for row in earlier if row.status == OK and shas.get(row.key) == row.sha256}
        sample = [row for row in rows if in_sample(row.key, share, seed)]
        if new:
            failed = {row.key for row in earlier if row.status != OK}
            sample = [row for row in sample if row.key not in found and (not row.verified or row.key in failed)]
        verifier = Verifier(self.stores[1], self.plan.settings.max_pixels)
        totals = Totals()
        for result in pipeline.run(sample, verifier.stages(), self.threads, self.stop):
            found[result.key] = result
            totals.add(result)
            self._tell(result)
        self.job.write_results(number, [found[key] for key in sorted(found)], VERIFIED)
        return totals

    def restore(self, number: int, target: Store, replace: bool, skip_existing: bool) -> Totals:
        """Make the sources of a finished shard again, below `target`."""
        rows = [row for row in self.job.results(number) if row.has_output]
        restorer = Restorer(self.plan.settings, self.stores[1], target, replace, skip_existing)
        totals = Totals()
        for result in pipeline.run(rows, restorer.stages(), self.threads, self.stop):
            totals.add(result)
            self._tell(result)
        return totals
