"""Makes the lake as lake.toml declares it, with raw files loaded through the flows; twice changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from minio import Minio

from devenv.errors import LakeError
from devenv.lake.buckets import apply_buckets
from devenv.lake.candles import Source, content, digest
from devenv.lake.connection import LakeConnection, answering, s3_client
from devenv.lake.deployments import apply_deployments
from devenv.lake.fingerprint import declared
from devenv.lake.flow_runs import FlowRun, run_deployments
from devenv.lake.ledger import LakeState, Ledger, SeededFile, observe, read_ledger, write_ledger
from devenv.lake.sample import SampleMonth
from devenv.lake.spec import LakeSpec
from devenv.lake.tables import apply_tables, gold_days
from devenv.lake.upload import check_rows, upload
from devenv.lake.users import apply_users

_NO_STATE = LakeState({}, {})


@dataclass(frozen=True)
class SeedReport:
    """What a seed did, and what became of the raw files it was given.

    `rejected` lists the bad rows as (file, line counted from 1, reason); `gold_days` counts the daily candles
    within the files' first and last days; `objects_written` counts the datasets' objects that are new or
    different. Where nothing had to be done, the counts of the files are still those of the lake.
    """

    changes: tuple[str, ...]
    objects_written: int
    files: int
    rows_loaded: int
    rows_rejected: int
    duplicates: int
    rejected: tuple[tuple[str, int, str], ...]
    gold_days: int
    flow_runs: tuple[FlowRun, ...]

    @property
    def changed(self) -> bool:
        """Whether anything in the lake is different from before."""
        return bool(self.changes or self.objects_written)


def seed(
    lake: LakeConnection,
    spec: LakeSpec,
    sources: Sequence[Source],
    progress: Callable[[str], None],
    deadline_s: float,
) -> SeedReport:
    """Make the lake as declared, and load the sources; gives up `deadline_s` seconds from now.

    1 buckets and users, tables, deployments, side by side · 2 what is there, against the ledger of the last
    seed · 3 the raw files that are new or different · 4 the flows, if anything they depend on differs ·
    5 the ledger. Each step can be cut short; the next seed does what is left.
    `progress` is given a line now and then, from this thread. Raises LakeError for a source that cannot be
    used, before anything is uploaded, and ServiceFailed for a service that does not do its part.
    """
    deadline = time.monotonic() + deadline_s
    check_names(sources)
    with answering(lake):
        deployments, changes = _declare(lake, spec, progress)
        client = s3_client(lake)
        ledger = read_ledger(lake, client) or Ledger("", {}, _NO_STATE)
        before = observe(lake, client, spec)
        digests = {source.key: digest(source) for source in sources}
        todo = [source for source in sources if not _seeded(ledger, before, source.key, digests)]
        runs: list[FlowRun] = []
        written = 0
        if todo or ledger.declared != declared(spec) or not before.holds(ledger.state):
            _upload(lake, spec, client, todo, progress)
            runs = run_deployments(lake, spec, deployments, progress, deadline)
            after = observe(lake, client, spec)
            known = {key: file.digest for key, file in ledger.files.items()} | digests
            ledger = Ledger(declared(spec), _files(lake, client, known, after), after)
            write_ledger(lake, client, ledger)
            written = _written(before, after)
            if after.tables != before.tables:
                changes.append("rows of the tables changed")
        return _report(lake, client, sources, ledger, changes, written, runs)


def check_names(sources: Sequence[Source]) -> None:
    """Raises LakeError for two sources that would be the same object in bronze."""
    names: dict[str, Source] = {}
    for source in sources:
        if names.setdefault(source.key, source) != source:
            raise LakeError(
                f"two files would be {source.key}: one would replace the other",
                "rename one of them, or seed them one after the other if that is meant",
            )


def _declare(
    lake: LakeConnection, spec: LakeSpec, progress: Callable[[str], None]
) -> tuple[dict[str, str], list[str]]:
    """Everything but data; gives the deployments' ids by name, and what was changed."""

    def storage() -> list[str]:
        return [*apply_buckets(lake, spec.buckets), *apply_users(lake, spec.users)]

    ids: dict[str, str] = {}

    def flows() -> list[str]:
        found, made = apply_deployments(lake, spec)
        ids.update(found)
        return made

    changes = []
    with ThreadPoolExecutor(max_workers=3) as pool:
        jobs = [pool.submit(storage), pool.submit(apply_tables, lake, spec), pool.submit(flows)]
        for job in as_completed(jobs):
            for change in job.result():
                progress(change)
                changes.append(change)
    return ids, changes


def _seeded(ledger: Ledger, state: LakeState, key: str, digests: Mapping[str, str]) -> bool:
    """Whether a source was seeded as it is now, and its raw file has not been touched since."""
    file = ledger.files.get(key)
    return (
        file is not None
        and file.digest == digests[key]
        and state.objects.get("bronze", {}).get(key) == file.etag
    )


def _upload(
    lake: LakeConnection,
    spec: LakeSpec,
    client: Minio,
    sources: Sequence[Source],
    progress: Callable[[str], None],
) -> None:
    raw = {source.key: content(source) for source in sources}
    for source in sources:
        if not isinstance(source.origin, SampleMonth):
            check_rows(spec.flows, source, raw[source.key])
    for source in sources:
        if upload(lake, client, source, raw[source.key]):
            progress(f"{source.name} put into {lake.bucket('bronze')}")


def _files(
    lake: LakeConnection, client: Minio, digests: Mapping[str, str], state: LakeState
) -> dict[str, SeededFile]:
    """What the flow recorded of each seeded file that is still in bronze."""
    files = {}
    records: dict[str, dict[str, Any]] = {}
    for key, source_digest in digests.items():
        etag = state.objects.get("bronze", {}).get(key)
        if etag is None:
            continue
        dataset = key.removeprefix("candles/").rpartition("/")[0]
        if dataset not in records:
            records[dataset] = json.loads(_read(lake, client, "silver", f"_lineage/{dataset}.json"))
        files[key] = SeededFile(source_digest, etag, **records[dataset]["files"][key])
    return files


def _written(before: LakeState, after: LakeState) -> int:
    return sum(
        before.objects.get(layer, {}).get(key) != etag
        for layer, keys in after.objects.items()
        for key, etag in keys.items()
    )


def _report(
    lake: LakeConnection,
    client: Minio,
    sources: Sequence[Source],
    ledger: Ledger,
    changes: list[str],
    written: int,
    runs: list[FlowRun],
) -> SeedReport:
    files = {source: ledger.files[source.key] for source in sources}
    spans = [
        (source.symbol, file.first, file.last) for source, file in files.items() if file.first and file.last
    ]
    rejected = []
    for source, file in files.items():
        if file.rejected:
            rows = _read(lake, client, "bronze", f"_rejected/{source.key}.jsonl").splitlines()
            found = [json.loads(row) for row in rows]
            rejected += [(source.name, row["line"], row["reason"]) for row in found]
    return SeedReport(
        changes=tuple(changes),
        objects_written=written,
        files=len(files),
        rows_loaded=sum(file.rows for file in files.values()),
        rows_rejected=sum(file.rejected for file in files.values()),
        duplicates=sum(file.duplicates for file in files.values()),
        rejected=tuple(rejected),
        gold_days=gold_days(lake, spans) if spans else 0,
        flow_runs=tuple(runs),
    )


def _read(lake: LakeConnection, client: Minio, layer: str, key: str) -> bytes:
    response = client.get_object(bucket_name=lake.bucket(layer), object_name=key)
    try:
        return bytes(response.read())
    finally:
        response.close()
        response.release_conn()
