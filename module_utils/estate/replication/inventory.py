"""Two inventories of S3 compared by SQL: on this machine by DuckDB, beyond it by Athena: the same statement.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.replication.audit import LOSSES

# What each version that is not the same on both sides turns out to be, by the inventory's own replication status.
SQL = """
SELECT CASE
         WHEN s.key IS NULL THEN 'extra'
         WHEN r.key IS NOT NULL AND (s.size = r.size OR s.size IS NULL) AND
              (s.encryption_status LIKE '%KMS%' OR r.encryption_status LIKE '%KMS%' OR
               s.e_tag LIKE '%-%' OR r.e_tag LIKE '%-%') THEN 'unproved'
         WHEN r.key IS NOT NULL THEN 'differing'
         WHEN s.replication_status = 'PENDING' THEN 'pending'
         WHEN s.replication_status = 'FAILED' THEN 'failed'
         WHEN s.replication_status = 'REPLICA' THEN 'left out'
         WHEN s.replication_status IN ('COMPLETED', 'COMPLETE') THEN 'lost'
         ELSE 'never'
       END AS what,
       count(*) AS versions,
       sum(s.size) AS bytes,
       min(s.last_modified_date) AS oldest,
       min(coalesce(s.key, r.key)) AS example
FROM {source} AS s FULL OUTER JOIN {replica} AS r ON s.key = r.key AND s.version_id = r.version_id
WHERE s.key IS NULL OR r.key IS NULL OR s.size <> r.size OR s.e_tag <> r.e_tag
GROUP BY 1 ORDER BY 1
"""
COLUMNS = "key, version_id, size, e_tag, last_modified_date, replication_status, encryption_status"

# An empty bucket's inventory has no file.
_TYPES = {"size": "BIGINT", "last_modified_date": "TIMESTAMP"}
_NO_ROWS = (
    f"SELECT {', '.join(f'NULL::{_TYPES.get(name, "VARCHAR")} AS {name}' for name in COLUMNS.split(', '))} WHERE false"
)


def files(manifest: Path) -> list[str]:
    """The Parquet files of an inventory that was copied here with its folders; keys are from the bucket's top."""
    said = json.loads(manifest.read_text())
    if said["fileFormat"] != "Parquet":
        raise ValueError(f"{manifest} is an inventory in {said['fileFormat']}; allowed is Parquet")
    names = [one["key"] for one in said["files"]]
    top = next((up for up in manifest.parents if names and (up / names[0]).exists()), None)
    if names and top is None:
        raise ValueError(f"{manifest} names {names[0]}, which is not beside it: copy the inventory's data here, too")
    return [str(top / name) for name in names if top]


def by_duckdb(manifests: Sequence[Path], scratch: str, megabytes: int = 1200) -> list[dict[str, Any]]:
    """What differs. What does not fit into memory is put into the scratch folder."""
    import duckdb

    known = duckdb.connect()
    known.execute(f"SET memory_limit = '{megabytes}MB'; SET preserve_insertion_order = false; SET threads = 2")
    known.execute("SET temp_directory = ?", [scratch])
    known.execute("SET enable_progress_bar = false")  # it is drawn where a module answers
    for name, manifest in zip(("source", "replica"), manifests, strict=True):
        listed = ", ".join("'" + one.replace("'", "''") + "'" for one in files(manifest))
        rows = f"SELECT {COLUMNS} FROM read_parquet([{listed}])" if listed else _NO_ROWS  # noqa: S608
        known.execute(f"CREATE VIEW {name} AS {rows}")
    # Numbers first, which take a tenth of the room; only what is not the same is then looked at as it is.
    of = "SELECT hash(key, version_id) AS a, hash(version_id, key, 1) AS b, hash(size, e_tag) AS c FROM"
    known.execute(
        f"CREATE TEMP TABLE odd AS SELECT coalesce(s.a, r.a) AS a, coalesce(s.b, r.b) AS b "  # noqa: S608
        f"FROM ({of} source) AS s FULL OUTER JOIN ({of} replica) AS r ON s.a = r.a AND s.b = r.b "
        "WHERE s.c IS DISTINCT FROM r.c"
    )
    for name in ("source", "replica"):
        same = "odd.a = hash(key, version_id) AND odd.b = hash(version_id, key, 1)"
        known.execute(f"CREATE VIEW odd_{name} AS SELECT {name}.* FROM {name} SEMI JOIN odd ON {same}")  # noqa: S608
    found = known.execute(SQL.format(source="odd_source", replica="odd_replica"))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def by_athena(
    client: Any, tables: Sequence[str], workgroup: str, pause: Callable[[float], Any] = time.sleep
) -> list[dict[str, Any]]:
    """The same of two tables over the inventories; names are of the account's own catalogue."""
    asked = SQL.format(source=tables[0], replica=tables[1])
    query = client.start_query_execution(QueryString=asked, WorkGroup=workgroup)["QueryExecutionId"]
    while True:
        status = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        pause(1)
    if status["State"] != "SUCCEEDED":
        raise ValueError(f"Athena says {status['State']}: {status.get('StateChangeReason', 'no reason')}")
    rows = client.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    names, *lines = [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]
    return [dict(zip(names, line, strict=True)) for line in lines]


def told(subject: str, found: Iterable[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    counts = {str(row["what"]): int(row["versions"]) for row in found}
    why = [f"{counts[what]:,} {said}" for what, said in LOSSES.items() if counts.get(what)]
    why += [f"{counts['pending']:,} are on their way"] if "pending" in counts else []
    lost = any(what in LOSSES for what in counts)
    return {
        "subject": subject,
        "verdict": "failed" if lost else "waiting" if "pending" in counts else "proved",
        "why": "; ".join(why),
        "counts": counts,
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "examples": [{"what": row["what"], "key": row["example"], "bytes": int(row["bytes"] or 0)} for row in found],
    }
