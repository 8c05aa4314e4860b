"""Who can destroy the last copy of what a bucket holds, and how: today, and under the controls that are advised. Pure.

A right to write a bucket's policy is a right to let anybody in, so it is a right to all that S3 does there; a right to
take the policy away is one to all that only its denials forbid. What stops either is no policy: MFA delete and Object
Lock. A live lifecycle rule that deletes old versions makes a right to replace one a right to destroy what it
replaces, and one that asks for a tag does so of a right to tag; replication carries both to the copies. Suspending
versioning, and replicating something over an object, hide what is there and destroy nothing, so they are told apart.
A key is ended by whom its own policy lets, which no setting of S3 can stop, nor the closing of an account:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-closing.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ansible.module_utils.estate.ahead import ahead
from ansible.module_utils.estate.effects.judged import Thing
from ansible.module_utils.estate.effects.world import World, among
from ansible.module_utils.estate.evaluator.composed import Bucket, Estate, Lives
from ansible.module_utils.estate.evaluator.document import read
from ansible.module_utils.estate.evaluator.words import Open

ROOT = "root"
KEY = "any/key"
# What ends a key, or lets anybody end it.
ENDS_KEY = ("kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:DeleteImportedKeyMaterial")
# Of a put that is not made to fail where there is something already.
REPLACES = (Open("Null", "s3:if-none-match", ("true",)), Open("Bool", "s3:ObjectCreationOperation", ("true",)))
TAGS = ("s3:PutObjectTagging", "s3:PutObjectVersionTagging")
HIDES = {"suspend versioning": "s3:PutBucketVersioning", "replicate over": "s3:PutReplicationConfiguration"}


class Controls(NamedTuple):
    versioned: bool
    mfa_delete: bool
    lock: str  # "", "GOVERNANCE" or "COMPLIANCE"
    days: int  # how long what is written is locked; 0 where that is not known
    keys: bool  # whether there is a key that somebody could end
    gone: Mapping[str, int]  # after how many days live lifecycle rules delete what: see read.gone

    @property
    def said(self) -> str:
        lock = f"object lock ({self.lock.lower()}{f', {self.days} days' if self.days else ''})"
        words = {"MFA delete": self.mfa_delete, lock: self.lock, "a KMS key": self.keys}
        return ", ".join(word for word, there in words.items() if there) or "none"


class _Rights(NamedTuple):
    """What an attacker may in one bucket, whoever he becomes for it."""

    delete: bool
    replace: bool
    tag: bool
    policy: bool
    lifecycle: bool
    bypass: bool
    key: bool
    account: bool
    hides: tuple[str, ...]


EVERYTHING = _Rights(True, True, True, True, True, True, True, True, tuple(HIDES))


def ways(may: _Rights, controls: Controls, root: bool) -> list[str]:
    """By which ways a copy is destroyed."""
    found = []
    guarded = controls.mfa_delete and not root
    free = not controls.lock or (controls.lock == "GOVERNANCE" and (may.bypass or may.policy))
    if (may.delete or may.policy) and free and not guarded:
        found.append("delete versions" if may.delete else "delete versions, by a policy of its own making")
    if not controls.versioned and may.replace and "delete versions" not in found:
        found.append("delete or overwrite, since there are no versions")
    if may.lifecycle and not controls.lock and not guarded:
        found.append("lifecycle, within a day or two")
    live = {} if controls.lock or controls.mfa_delete else controls.gone
    if may.replace and live.get("replaced"):
        found.append(f"delete or overwrite, and live lifecycle rules after {live['replaced']} days")
    if may.tag and live.get("tagged"):
        found.append(f"tag, and live lifecycle rules after {live['tagged']} days")
    if controls.keys and may.key:
        found.append("delete its key, within 7 to 30 days")
    if may.account:
        found.append("close the account, within 90 days")
    return found


def _expiry(controls: Controls) -> list[str]:
    days = 0 if controls.lock or controls.mfa_delete else controls.gone.get("itself")
    return [f"its own expiry, within {days} days"] if days else []


class Deletion:
    def __init__(self, lives: Lives) -> None:
        self.estate = Estate(lives)
        self._world = World(self.estate)
        found = {
            name: bucket.get("kept") for live in lives.values() for name, bucket in (live.get("buckets") or {}).items()
        }
        self._kept: dict[str, Mapping[str, Any]] = {name: kept for name, kept in found.items() if kept}
        self._keys = {name: list(kept["keys"]) for name, kept in self._kept.items()}
        for kept in self._kept.values():
            for replica, named in kept["replicas"].items():
                self._keys.get(replica, []).extend(named)
        told = self._read_keys()
        # A key of which nobody could tell who may end it is taken for no safe one.
        self._unseen = sorted(
            {*(found.keys() - self._kept), *(name for name, keys in self._keys.items() if {*keys} - told.keys())}
        )
        self._kept = {name: kept for name, kept in self._kept.items() if name not in self._unseen}
        self._keys = {
            name: [told[key] for key in keys if told[key]] for name, keys in self._keys.items() if name in self._kept
        }
        self._main = next((account.id for account in self.estate.accounts if account.name == "main"), "")

    def _read_keys(self) -> dict[str, str]:
        """By a key as buckets name it its ARN, "" of one of AWS's own; each is from now on judged by its policy."""
        told = {}
        for account in self.estate.accounts:
            for name, key in (account.live.get("keys") or {}).items():
                if key is not None:
                    told[name] = arn = key.get("arn", "")
                    if arn:
                        self._world.things[arn] = Thing(arn, "key", arn, account.id, read(key["policy"]), blocked=False)
        return told

    def copies(self) -> Iterator[tuple[str, ...]]:
        """Each source with its replicas, and every bucket that is nobody's replica alone."""
        copied = {replica for kept in self._kept.values() for replica in kept["replicas"]}
        for name, kept in self._kept.items():
            if name not in copied:
                yield (name, *(one for one in kept["replicas"] if one in self._kept))

    def controls(self, name: str, advised: Mapping[str, Sequence[str]] | None = None) -> Controls:
        """Live, or with what is advised for buckets of such names: {"mfa_delete": [patterns], "compliance": […]}."""
        kept, advised = self._kept[name], advised or {}
        mfa_delete = kept["mfa_delete"] or _like(name, advised.get("mfa_delete"))
        lock = "COMPLIANCE" if _like(name, advised.get("compliance")) else kept["lock"]
        return Controls(kept["versioned"], mfa_delete, lock, kept["days"], bool(self._keys[name]), kept["gone"])

    def starts(self, who: Sequence[str]) -> list[str]:
        """Patterns as invariants take them, and "group:Name"."""
        groups = {one.removeprefix("group:") for one in who if one.startswith("group:")}
        members = {
            account.users[user]["arn"]
            for account in self.estate.accounts
            for group in groups & set(account.members)
            for user in account.members[group]
        }
        return [arn for arn, asker in self._world.askers.items() if arn in members or among(asker, who)]

    def _is_there(self, one: str) -> bool:
        group = one.removeprefix("group:")
        named = group != one and any(group in account.members for account in self.estate.accounts)
        return one == ROOT or named or any(among(asker, [one]) for asker in self._world.askers.values())

    def rights(self, who: Sequence[str], names: Sequence[str]) -> dict[str, _Rights]:
        if ROOT in who:
            return dict.fromkeys(names, EVERYTHING)
        became = {there for arn in self.starts(who) for _, there in self._world.reached(arn, without=False, but=[])}
        found = {name: self._rights(became, self.estate.buckets[name]) for name in names}
        # What is put, deleted or tagged in a source is so in its replicas.
        for name in names:
            for replica in self._kept[name]["replicas"]:
                if replica in found:
                    more = {
                        word: getattr(found[name], word) or getattr(found[replica], word) for word in ("replace", "tag")
                    }
                    found[replica] = found[replica]._replace(**more)
        return found

    def _rights(self, became: set[str], bucket: Bucket) -> _Rights:
        arn = f"arn:aws:s3:::{bucket.name}"

        def may(action: str, resource: str, of: str = "", bare: bool = False, given: Sequence[Open] = ()) -> bool:
            askers = [self._world.askers[one] for one in became]
            asking = (one for one in askers if of in ("", one.principal.account))
            return any(self._world.may(one, action, resource, without=False, bare=bare, given=given) for one in asking)

        unlocks = may("s3:DeleteBucketPolicy", arn)

        def does(action: str, resource: str, given: Sequence[Open] = ()) -> bool:
            return may(action, resource, given=given) or (
                unlocks and may(action, resource, bucket.account.id, bare=True, given=given)
            )

        objects = f"{arn}/{KEY}"
        closing = f"arn:aws:organizations::{self._main}:account/o-any/{bucket.account.id}"
        return _Rights(
            does("s3:DeleteObjectVersion", objects),
            does("s3:DeleteObject", objects) or does("s3:PutObject", objects, REPLACES),
            any(does(action, objects) for action in TAGS),
            does("s3:PutBucketPolicy", arn),
            does("s3:PutLifecycleConfiguration", arn),
            does("s3:BypassGovernanceRetention", objects),
            any(may(action, key) for key in self._keys[bucket.name] for action in ENDS_KEY),
            may("organizations:CloseAccount", closing, self._main)
            or may("account:CloseAccount", "*", bucket.account.id),
            tuple(word for word, action in HIDES.items() if may(action, arn)),
        )

    def proof(
        self,
        attacker: str,
        who: Sequence[str],
        advised: Mapping[str, Sequence[str]],
        holds: Sequence[str],
    ) -> dict[str, Any]:
        """One attacker beside every bucket: a row for each source and its replicas. holds are names of what must stay.

        failed: can, whatever is advised; waiting: can until that is so; proved: cannot.
        """
        rows, wrong, open_ = [], list[str](), list[str]()
        rights = self.rights(who, list(self._kept))
        for names in self.copies():
            row: dict[str, Any] = {"attacker": attacker, "bucket": names[0], "copies": len(names)}
            for state, more in (("today", None), ("advised", advised)):
                controls = [self.controls(one, more) for one in names]
                each = [ways(rights[one], live, ROOT in who) for one, live in zip(names, controls, strict=True)]
                if any(each):  # whoever destroys the others waits for what goes by itself
                    each = [found or _expiry(live) for found, live in zip(each, controls, strict=True)]
                # The last copy is the one that is hardest to destroy; of two that are alike the slower, or the replica.
                hardest, _ = min(
                    reversed([*zip(each, controls, strict=True)]),
                    key=lambda copy: (len(copy[0]), -max(copy[1].gone.values(), default=0)),
                )
                row[state] = "; ".join(sorted(hardest))
                row[f"controls {state}"] = "; ".join(dict.fromkeys(live.said for live in controls))
            row["hides"] = "; ".join(sorted({word for one in names for word in rights[one].hides}))
            rows.append(row)
            if _like(names[0], holds) and row["today"]:
                (wrong if row["advised"] else open_).append(names[0])
        nothing = dict.fromkeys(rows[0] if rows else (), "")
        rows += [{**nothing, "attacker": attacker, "bucket": name, "today": "not looked at"} for name in self._unseen]
        unseen = [name for name in self._unseen if _like(name, holds)]
        # Against a misspelt name anything holds, and so it does of a bucket that is not there.
        nobody = [one for one in who if holds and not self._is_there(one)]
        absent = [one for one in holds if not any(_like(row["bucket"], [one]) for row in rows)]
        missing = [f"nobody there is called {', '.join(nobody)}"] if nobody else []
        missing += [f"no bucket there that is nobody's replica is called {', '.join(absent)}"] if absent else []
        verdict = "failed" if wrong or unseen or missing else "waiting" if open_ else "proved"
        why = [f"can destroy every copy of {', '.join(wrong)}, whatever is advised"] if wrong else []
        why += [f"can destroy every copy of {', '.join(open_)} until what is advised is so"] if open_ else []
        why += [f"{', '.join(unseen)} could not be looked at"] if unseen else []
        # Without the buckets, so that one more of them is no other cause.
        cause = f"{attacker} can destroy every copy" + (" until what is advised is so" if verdict == "waiting" else "")
        return {
            "subject": f"deletion by {attacker}",
            "attacker": attacker,
            "verdict": verdict,
            "cause": cause if wrong or unseen or not missing else "; ".join(missing),
            "of": [*wrong, *unseen] or ([] if missing else open_),
            "why": "; ".join(why + missing),
            "rows": rows,
        }


def _like(name: str, patterns: Sequence[str] | None) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns or ())


def proofs_of(
    lives: Lives,
    attackers: Mapping[str, Sequence[str]],
    advised: Mapping[str, Sequence[str]],
    holds: Mapping[str, Sequence[str]],
) -> dict[str, dict[str, Any]]:
    """The proof of each attacker by his name, every other one on another core."""
    every_other = ahead(_proofs_of, lives, dict([*attackers.items()][1::2]), advised, holds)
    found = _proofs_of(lives, dict([*attackers.items()][::2]), advised, holds) | every_other()
    return {attacker: found[attacker] for attacker in attackers}


def _proofs_of(lives: Any, attackers: Any, advised: Any, holds: Any) -> dict[str, dict[str, Any]]:
    deletion = Deletion(lives)
    return {one: deletion.proof(one, who, advised, holds.get(one, [])) for one, who in attackers.items()}
