from __future__ import annotations

import json

import pytest
from ansible.module_utils.estate.replication.inventory import SQL, by_athena, by_duckdb, files, told

duckdb = pytest.importorskip("duckdb")
# (key, version, size, ETag, replication status, encryption) of source and replica; None: not there
ROWS = [
    (("same", "v1", 5, "e", "COMPLETED", "SSE-S3"), ("same", "v1", 5, "e", "REPLICA", "SSE-S3")),
    (("marker", "v1", None, None, "COMPLETED", None), ("marker", "v1", None, None, "REPLICA", None)),
    (("é", "v1", 5, "e", None, "SSE-S3"), None),
    (("same", "v0", 5, "e", "FAILED", "SSE-S3"), None),
    (("gone", "v1", 5, "e", "COMPLETED", "SSE-S3"), None),
    (("late", "v1", 5, "e", "PENDING", "SSE-S3"), None),
    (("two-way", "v1", 5, "e", "REPLICA", "SSE-S3"), None),
    (("etag", "v1", 5, "e", "COMPLETED", "SSE-S3"), ("etag", "v1", 5, "f", "REPLICA", "SSE-S3")),
    (("size", "v1", 5, "e", "COMPLETED", "SSE-KMS"), ("size", "v1", 6, "f", "REPLICA", "SSE-KMS")),
    (("kms", "v1", 5, "e", "COMPLETED", "SSE-KMS"), ("kms", "v1", 5, "f", "REPLICA", "SSE-KMS")),
    (("parts", "v1", 5, "e-2", "COMPLETED", "SSE-S3"), ("parts", "v1", 5, "f-3", "REPLICA", "SSE-S3")),
    (None, ("extra", "v1", 5, "e", None, "SSE-S3")),
]


@pytest.fixture
def manifests(tmp_path):
    found = []
    for side in (0, 1):
        data = tmp_path / f"side-{side}" / "data"
        data.mkdir(parents=True)
        known = duckdb.connect()
        known.execute(
            "CREATE TABLE t (key VARCHAR, version_id VARCHAR, size BIGINT, e_tag VARCHAR, replication_status VARCHAR, "
            "encryption_status VARCHAR, last_modified_date TIMESTAMP)"
        )
        rows = [pair[side] for pair in ROWS if pair[side]]
        known.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, TIMESTAMP '2026-01-01')", rows)
        known.execute(f"COPY t TO '{data}/0.parquet' (FORMAT parquet)")
        manifest = tmp_path / f"side-{side}" / "2026-11-22T01-00Z" / "manifest.json"
        manifest.parent.mkdir()
        said = {"fileFormat": "Parquet", "files": [{"key": f"side-{side}/data/0.parquet"}]}
        manifest.write_text(json.dumps(said))
        found.append(manifest)
    return found


def test_every_kind_of_difference_is_counted(manifests, tmp_path):
    found = {row["what"]: row for row in by_duckdb(manifests, str(tmp_path), 500)}

    assert {what: row["versions"] for what, row in found.items()} == {
        "never": 1, "failed": 1, "lost": 1, "pending": 1, "left out": 1, "differing": 2, "unproved": 2, "extra": 1,
    }  # fmt: skip
    assert (found["never"]["example"], found["never"]["bytes"]) == ("é", 5)
    proof = told("inventories", list(found.values()), 1.0)
    assert (proof["verdict"], proof["counts"]["differing"]) == ("failed", 2)
    assert told("inventories", [found["pending"], found["extra"]], 1.0)["verdict"] == "waiting"
    assert told("inventories", [], 1.0)["verdict"] == "proved"


def test_an_inventory_of_nothing_is_a_replica_into_which_nothing_came(manifests, tmp_path):
    said = json.loads(manifests[1].read_text())
    manifests[1].write_text(json.dumps({**said, "files": []}))
    found = {row["what"]: row["versions"] for row in by_duckdb(manifests, str(tmp_path), 500)}
    assert sum(found.values()) == len([here for here, _ in ROWS if here])
    assert not {"extra", "differing", "unproved"} & found.keys()

    manifests[0].write_text(json.dumps({**said, "files": []}))
    assert by_duckdb(manifests, str(tmp_path), 500) == []


def test_an_inventory_that_cannot_be_read_says_why(manifests):
    said = json.loads(manifests[0].read_text())
    manifests[0].write_text(json.dumps({**said, "fileFormat": "CSV"}))
    with pytest.raises(ValueError, match="is an inventory in CSV; allowed is Parquet"):
        files(manifests[0])
    manifests[0].write_text(json.dumps({**said, "files": [{"key": "no/such.parquet"}]}))
    with pytest.raises(ValueError, match=r"names no/such.parquet, which is not beside it"):
        files(manifests[0])


class Athena:
    def __init__(self, *states):
        self.states, self.asked = list(states), ""

    def start_query_execution(self, QueryString, WorkGroup):  # noqa: ARG002
        self.asked = QueryString
        return {"QueryExecutionId": "q"}

    def get_query_execution(self, QueryExecutionId):  # noqa: ARG002
        return {"QueryExecution": {"Status": {"State": self.states.pop(0), "StateChangeReason": "no such table"}}}

    def get_query_results(self, QueryExecutionId):  # noqa: ARG002
        rows = [["what", "versions", "bytes", "oldest", "example"], ["never", "3", None, None, "a"]]
        cells = [[{} if cell is None else {"VarCharValue": cell} for cell in row] for row in rows]
        return {"ResultSet": {"Rows": [{"Data": row} for row in cells]}}


def test_athena_is_asked_the_same_and_waited_for():
    athena = Athena("QUEUED", "RUNNING", "SUCCEEDED")
    found = by_athena(athena, ("db.source", "db.replica"), "primary", lambda _: None)
    assert athena.asked == SQL.format(source="db.source", replica="db.replica")
    assert told("x", found, 1.0)["counts"] == {"never": 3}
    with pytest.raises(ValueError, match="Athena says FAILED: no such table"):
        by_athena(Athena("FAILED"), ("a", "b"), "primary", lambda _: None)


def test_the_embedded_aws_takes_athenas_calls():
    """moto has no engine: it hands out the results that it was given beforehand."""
    import boto3
    import requests
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("athena", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_work_group(Name="estate", Configuration={"ResultConfiguration": {"OutputLocation": "s3://r/"}})
        rows = [{"Data": [{"VarCharValue": word} for word in line]} for line in (["what", "versions"], ["lost", "2"])]
        results = {"results": [{"rows": rows, "column_info": []}], "account_id": "123456789012", "region": "eu-west-1"}
        requests.post("http://motoapi.amazonaws.com/moto-api/static/athena/query-results", json=results, timeout=5)
        found = by_athena(client, ("s", "r"), "estate", lambda _: None)
    assert [row["what"] for row in found] == ["lost"]
