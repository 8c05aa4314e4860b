from __future__ import annotations

import json

from ansible.module_utils.estate.replication.batch import manifest
from ansible.module_utils.estate.replication.checksums import joined


def row(key: str, checksum: str = "", version: str = "v1") -> dict[str, str]:
    message = json.dumps({"checksum_base64": checksum, "checksumAlgorithm": "CRC64NVME"})
    return {"key": key, "version": version, "code": "" if checksum else "AccessDenied", "message": message}


def test_reports_are_joined_by_key_and_version_whatever_their_order():
    source = [row("a", "1"), row("b", "2"), row("b", "3", "v2"), row("c", "4"), row("only here", "5"), row("d")]
    replica = [row("d", "9"), row("c", "other"), row("b", "3", "v2"), row("a", "1"), row("b", "2")]

    found = joined(source, replica)

    assert (found["same"], found["differing"], found["unread"]) == (3, 1, 1)
    assert found["examples"] == [{"key": "c", "version": "v1", "what": "checksum"}]


def test_a_manifest_has_encoded_keys_and_is_named_by_what_it_holds():
    made = manifest("b", [("é +,%/x", "v1", 5), ("y", "v2", 6)])
    assert made is not None
    with open(made.path) as file:
        assert file.read() == "b,%C3%A9%20%2B%2C%25/x,v1\nb,y,v2\n"
    assert (made.number, made.size) == (2, 11)
    assert manifest("b", [("é +,%/x", "v1", 5), ("y", "v2", 6)]) == made
    assert manifest("b", []) is None
    assert round(manifest("b", [("k", "v", 10**12)]).costs(1), 2) == 20.25
