"""S3 Inventory of a bucket and its replica, made up: python -m replication.inventories FOLDER ROWS (of both together).

In Parquet, as S3 delivers it, with manifest.json; the replica's rows in another order, a few missing and different.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

MISSING, DIFFERENT = 1_000_003, 2_000_003
FILES = 8
ROW = """
    'documents' AS bucket,
    'g-cloud-' || (10 + i % 8) || '/submissions/' || lpad((i // 80)::VARCHAR, 7, '0') || '/'
        || lpad((i % 80)::VARCHAR, 5, '0') || '-service-definition-document.pdf' AS key,
    lpad(to_hex(i * 2654435761), 32, '0') AS version_id, true AS is_latest, false AS is_delete_marker,
    i % 5000 AS size, TIMESTAMP '2026-03-01' AS last_modified_date,
    lpad(to_hex(hash(CASE WHEN {other} THEN -i ELSE i END)), 32, '0') AS e_tag, 'STANDARD' AS storage_class,
    '{status}' AS replication_status, 'SSE-S3' AS encryption_status
"""


def made(folder: Path, number_of_rows: int) -> dict[str, Path]:
    """manifest.json of each side."""
    found = {}
    each = number_of_rows // 2
    for side, status in (("source", "COMPLETED"), ("replica", "REPLICA")):
        data, names = folder / side / "data", []
        data.mkdir(parents=True, exist_ok=True)
        other, kept = ("false", "true") if side == "source" else (f"i % {DIFFERENT} = 7", f"i % {MISSING} <> 5")
        for part in range(FILES):
            where = data / f"{part}.parquet"
            names.append({"key": f"{side}/data/{part}.parquet", "size": 0})
            number = part if side == "source" else FILES - 1 - part
            if not where.exists():
                column = ROW.format(other=other, status=status)
                part_of = f"range({each} * {number} // {FILES}, {each} * ({number} + 1) // {FILES})"
                rows = f"SELECT {column} FROM {part_of} AS t(i) WHERE {kept}"  # noqa: S608
                duckdb.execute(f"COPY ({rows}) TO '{where}' (FORMAT parquet)")
        found[side] = folder / side / "manifest.json"
        found[side].write_text(json.dumps({"fileFormat": "Parquet", "files": names}))
    return found


if __name__ == "__main__":
    print(made(Path(sys.argv[1]), int(sys.argv[2])))
