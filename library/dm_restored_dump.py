#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_restored_dump
short_description: Prove that each stage's newest database dump can be restored
description:
  - Decrypts it with the key at hand (C(GNUPGHOME), or O(key)), loads it into a PostgreSQL of its own, and counts what
    came back beside the last good restore. The server is private to the run, has no port, and goes when the run ends.
  - C(seconds) of the proof is how long a restore takes, C(age_seconds) of the other how much would be lost today.
  - What was restored is tagged C(Verified), so that it counts where M(dm_dumps) releases old dumps. In check mode all
    is done but the tag.
options:
  bucket:
    description: Where dumps are written.
    type: str
    required: true
  times:
    description: By stage, columns that say when business was done, C(table.column).
    type: dict
    required: true
  key:
    description: A file with the secret key, which is used for this run alone.
    type: path
  rpo_hours:
    description: How old the newest of them may be.
    type: int
    default: 30
  shrink:
    description: The share of a table's rows that may be gone since the last good restore.
    type: float
    default: 0.1
  evidence:
    description: Directory in which the proofs of good restores are kept, one file a stage.
    type: path
    required: true
  scratch:
    description: Directory with room for the database while it is looked at.
    type: path
    default: /var/tmp
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Restore last night's dumps
  dm_restored_dump:
    account: backups
    bucket: digitalmarketplace-database-backups
    times: {production: [audit_events.created_at]}
    evidence: /data/estate/restores
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: The restore, with C(rows) by table and C(seconds), and what would be lost, with C(age_seconds).
"""

import contextlib
import datetime
import json
import time
from pathlib import Path
from typing import Any

with contextlib.suppress(ImportError):  # AnsibleAWSModule reports it
    from botocore.exceptions import BotoCoreError, ClientError

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.dumps.check import Dump
from ansible.module_utils.estate.dumps.plan import VERIFIED, Tags, plan
from ansible.module_utils.estate.dumps.read import Place, listed, tags
from ansible.module_utils.estate.dumps.restore import CHUNK, Restored, judge, keyring, load, look
from ansible.module_utils.estate.dumps.scratch import scratch
from ansible.module_utils.estate.errors import Refusal, sentence
from ansible.module_utils.estate.progress import Progress
from ansible.module_utils.estate.run import estate_module, run


def restored(place: Place, dump: Dump, times: list[str], within: str) -> Restored:
    with scratch(within) as server:
        began = time.monotonic()
        body = place.client.get_object(Bucket=place.bucket, Key=dump.key)["Body"]
        load(body.iter_chunks(CHUNK), server, Progress(f"bytes of {dump.key}", dump.size).step)
        rows, newest = look(server, times)
        return Restored(rows, newest, time.monotonic() - began)


def last_good(path: Path) -> dict[str, Any] | None:
    """The proof of the last good restore; Refusal where there is something that cannot be read as one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))[0] if path.exists() else None
    except (OSError, ValueError, LookupError) as exc:
        raise Refusal(f"{path} is no record of a restore ({exc}); take it away to begin anew") from None


def keep(path: Path, proofs: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(proofs, indent=1) + "\n", encoding="utf-8")
    new.replace(path)


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked, clients = module.params, Clients(module)
    place = Place(clients["s3"], asked["bucket"])
    proofs: list[dict[str, Any]] = []
    wanted: list[tuple[Dump, Tags, Tags]] = []

    def bring_back(stage: str, times: list[str]) -> None:
        """One stage's failure does not stop the others."""
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        kept = Path(asked["evidence"]) / f"{stage}.json"
        about = {"subject": f"restore of {stage}'s dump", "at": now.isoformat()}
        try:
            found = listed(place, stage)
            if not found:
                raise Refusal("there is no dump at all")
            about["key"] = found[0].key
            last, brought = last_good(kept), restored(place, found[0], times, asked["scratch"])
            judged = list(judge(stage, found[0].key, brought, last, asked["rpo_hours"], asked["shrink"], now))
            if judged[0]["verdict"] == "proved":
                live = tags(place, found[0])
                day = {} if VERIFIED in live else {VERIFIED: now.strftime("%Y-%m-%d")}
                wanted.append((found[0], live, day))
                if not module.check_mode:
                    keep(kept, judged)
            proofs.extend(judged)
        except (Refusal, BotoCoreError, ClientError) as exc:
            said = str(exc) if isinstance(exc, Refusal) else sentence(exc, "it could not be read")
            proofs.append({**about, "verdict": "failed", "why": said})

    try:
        with keyring(asked["key"]):
            for stage, times in asked["times"].items():
                bring_back(stage, times)
    except Refusal as exc:  # of the key, without which none can be opened
        module.fail_json(msg=f"No dump was restored: {exc}.")
    made = plan("restores", asked["account"], asked["bucket"], clients.region, wanted)
    run(module, made, clients.call, proofs=lambda: proofs)


if __name__ == "__main__":
    main()
