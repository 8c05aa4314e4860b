import datetime

import pytest
from ansible.module_utils.estate.replication.plan import (
    MISSING,
    NAME,
    Canary,
    Look,
    canary,
    copies,
    pairs,
    plan,
    unseen,
    verdict,
)
from ansible.module_utils.estate.replication.read import proofs

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)

RULE = {"id": "documents", "bucket": "copy", "region": "eu-west-2"}
OTHER = "444444444444"
BUCKET = {"name": "documents", "region": "eu-west-1", "replication": {"rules": [{**RULE, "account": OTHER}]}}


LIVE_RULE = {
    "ID": "documents",
    "Status": "Enabled",
    "Priority": 1,
    "Filter": {},
    "Destination": {"Bucket": "arn:aws:s3:::copy"},
}


def rules(*rules):
    return pairs([{"name": "documents", "region": "eu-west-1", "replication": {"rules": list(rules)}}, {"name": "x"}])


[PAIR] = rules(RULE)


def source(version="v2", hours=1.0, status="COMPLETED", rule=PAIR.rule):
    return Canary(version, NOW - datetime.timedelta(hours=hours), status, rule)


ARRIVED = Canary("v2", NOW, "REPLICA")


@pytest.mark.parametrize(
    ("at_source", "at_replica", "said"),
    [
        (source(), ARRIVED, "proved"),
        (source(hours=25), ARRIVED, "stale"),
        (MISSING, MISSING, "stale"),
        (source(status="PENDING"), Canary("v1", NOW, "REPLICA"), "waiting"),
        (source(status="FAILED"), MISSING, "failed"),
        (source(status="FAILED", hours=30), MISSING, "stale"),
        # no status yet, and none any more: it was written before there was a rule
        (source(status=None, hours=0.1), MISSING, "waiting"),
        (source(status=None), MISSING, "stale"),
        # written under another rule
        (source(rule="documents 0123"), ARRIVED, "stale"),
        # on its way, and removed or expired in the replica
        (source(hours=0.1), MISSING, "waiting"),
        (source(), MISSING, "stale"),
        (source(hours=0.1), Canary("v2", NOW, None), "waiting"),
        # another rule of the same source fails for every object
        (source(status="FAILED"), ARRIVED, "failed"),
    ],
)
def test_only_the_same_version_at_the_replica_is_proof(at_source, at_replica, said):
    assert verdict(Look(PAIR, at_source, at_replica, True), NOW, DAY).word == said


@pytest.mark.parametrize("change", [{"bucket": "other"}, {"prefix": "a/"}, {"kms_key": "k"}, {"delete_markers": True}])
def test_a_rule_that_changed_is_another_rule(change):
    [changed] = rules({**RULE, **change})
    assert changed.rule != PAIR.rule
    assert rules(dict(reversed(RULE.items())))[0].rule == PAIR.rule


def test_a_copy_must_have_the_key_of_its_rule():
    [pair] = rules({**RULE, "kms_key": "arn:aws:kms:eu-west-2:111111111111:key/1"})
    own = source(rule=pair.rule)
    assert verdict(Look(pair, own, ARRIVED, True), NOW, DAY).word == "failed"
    assert verdict(Look(pair, own, ARRIVED._replace(kms_key=pair.kms_key), True), NOW, DAY).word == "proved"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, True),
        ({"ID": "by hand", "Filter": {"Prefix": "estate-"}}, True),
        ({"Status": "Disabled"}, False),
        ({"Filter": {"Prefix": "signed/"}}, False),
        ({"Filter": {"And": {"Prefix": "", "Tags": [{"Key": "public", "Value": "yes"}]}}}, False),
        ({"Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}, False),
    ],
)
def test_a_rule_is_in_force_where_it_copies_the_canary_whatever_it_is_called(change, said):
    assert copies({**LIVE_RULE, **change}, PAIR) is said


def test_a_fresh_canary_is_no_proof_once_its_rule_is_gone():
    """Whoever deletes the rule by hand leaves the last copy in the replica."""
    gone = Look(PAIR, source(hours=0.1), ARRIVED, False)
    assert verdict(gone, NOW, DAY) == ("stale", "no rule in force copies estate-canary.txt into copy")

    s3 = S3(*["COMPLETED", "REPLICA"] * 9)
    s3.rules = []
    [proof] = proofs(s3, [PAIR], [], 1e-9, DAY, 1)
    assert proof["verdict"] == "failed"
    assert proof["why"].endswith("within 1e-09 s: no rule in force copies estate-canary.txt into copy")


def test_reads_what_head_object_answers():
    head = {"VersionId": "v1", "LastModified": NOW, "ReplicationStatus": "PENDING", "Metadata": {"rule": "r"}}

    assert canary(head) == Canary("v1", NOW, "PENDING", "r")
    assert canary(None) == MISSING


def test_the_canary_is_an_object_that_the_rule_is_for():
    prefixed, tagged, foreign, disabled = (
        {**RULE, "prefix": "signed/"},
        {**RULE, "tags": {"public": "yes"}},
        {**RULE, "account": "444444444444"},
        {**RULE, "enabled": False},
    )
    found = rules(prefixed, tagged, foreign, disabled)
    assert [pair.key for pair in found] == ["signed/estate-canary.txt", "estate-canary-documents.txt", NAME]
    looks = [Look(pair, MISSING, MISSING, True) for pair in found]
    actions = plan("preview", looks, NOW, DAY, writes=True).actions
    assert [action.params.get("Tagging") for action in actions] == [None, "public=yes", None]


def test_each_of_two_replicas_of_the_same_keys_has_a_canary_of_its_own():
    """One object says of one rule that it was written under it: under two it would be renewed for ever."""
    found = rules(RULE, {**RULE, "id": "more", "bucket": "other"}, {**RULE, "id": "off", "enabled": False})
    assert [pair.key for pair in found] == ["estate-canary-documents.txt", "estate-canary-more.txt"]

    made = plan("preview", [Look(pair, MISSING, MISSING, True) for pair in found], NOW, DAY, writes=True)
    assert {action.params["Key"]: action.params["Metadata"]["rule"] for action in made.actions} == {
        pair.key: pair.rule for pair in found
    }
    assert [pair.key for pair in rules(RULE, {**RULE, "id": "off", "enabled": False})] == [NAME]


def test_a_replica_of_another_account_is_proved_by_the_source():
    [pair] = rules({**RULE, "account": "444444444444"})
    assert verdict(Look(pair, source(rule=pair.rule), MISSING, True), NOW, DAY).word == "proved"
    assert verdict(Look(pair, source(rule=pair.rule, status="PENDING"), MISSING, True), NOW, DAY).word == "waiting"


def test_a_profile_looks_into_the_replica_of_another_account_and_removes_nothing_there():
    [hidden] = rules({**RULE, "account": OTHER})
    assert unseen([hidden])[0].startswith(f"copy is in account {OTHER}, and buckets_replica_profiles has no profile")

    [pair] = pairs([BUCKET], {OTHER: "vault"})
    assert unseen([pair]) == []
    pair = pair._replace(rule=PAIR.rule)
    for answer, said in (("REPLICA", "proved"), (None, "failed")):
        here, there = S3("COMPLETED"), S3(answer)
        here.of = {"vault": there}.__getitem__
        [proof] = proofs(here, [pair], ["documents"], 0, DAY, 1)
        assert proof["verdict"] == said, proof
        assert (there.answers, there.deleted) == ([], []), "asked, and nothing taken away"


def test_what_failed_is_tried_anew_and_what_says_nothing_is_drift_where_nothing_may_be_written():
    failed = Look(PAIR, source(status="FAILED"), MISSING, True)
    [action] = plan("preview", [failed], NOW, DAY, writes=True).actions
    assert (action.method, action.params["Metadata"]) == ("s3.put_object", {"rule": PAIR.rule})

    never = plan("preview", [Look(PAIR, MISSING, MISSING, True), failed], NOW, DAY, writes=False)
    assert (list(never.actions), len(never.drift)) == ([], 2)
    assert never.drift[0].startswith("replication of documents into copy: it was never proved, or its canary has exp")
    assert "could not copy estate-canary.txt" in never.drift[1]


def test_a_canary_that_was_written_while_there_was_no_rule_is_not_waited_for():
    early = Look(PAIR, source(status=None, hours=0.1), MISSING, True)
    assert [action.method for action in plan("preview", [early], NOW, DAY, writes=True).actions] == ["s3.put_object"]
    assert list(plan("preview", [early], NOW, DAY, writes=False).drift) == []


class S3(dict):
    """Answers HeadObject with what it is given, one after the other; has three versions of every key."""

    def __init__(self, *answers):
        super().__init__({("s3", region): self for region in ("eu-west-1", "eu-west-2")})
        self.answers, self.deleted, self.refusal = list(answers), [], None
        self.rules = [LIVE_RULE]

    def head_object(self, Bucket, Key):  # noqa: ARG002
        status, now = self.answers.pop(0), datetime.datetime.now(datetime.UTC)
        return {
            "VersionId": "v1",
            "LastModified": now,
            "ReplicationStatus": status,
            "Metadata": {"rule": PAIR.rule},
        }

    def get_bucket_replication(self, Bucket):  # noqa: ARG002
        return {"ReplicationConfiguration": {"Role": "r", "Rules": self.rules}}

    def list_object_versions(self, Bucket, Prefix):  # noqa: ARG002
        names = [Prefix, Prefix, f"{Prefix}.bak"]
        rows = [{"Key": key, "VersionId": f"v{n}", "IsLatest": n == 0} for n, key in enumerate(names)]
        return {"Versions": rows}

    def delete_object(self, **words):
        if self.refusal:
            raise self.refusal
        self.deleted.append((words["Bucket"], words["Key"], words["VersionId"]))


def test_a_canary_is_waited_for_and_what_does_not_come_says_so():
    pauses = []
    s3 = S3("PENDING", "REPLICA", "COMPLETED", "REPLICA")
    [proof] = proofs(s3, [PAIR], [], 60, DAY, 1, pauses.append)
    assert (proof["verdict"], len(pauses), s3.deleted) == ("proved", 1, [])
    assert proof["age_seconds"] == 0
    assert proof["seen"] == "COMPLETED at the source, REPLICA of version v1 in the replica"

    [proof] = proofs(S3(*["PENDING", "REPLICA"] * 9), [PAIR], [], 1e-9, DAY, 1, pauses.append)
    assert proof["why"] == "estate-canary.txt did not arrive within 1e-09 s"


def test_a_new_canary_that_arrived_replaces_those_before():
    s3 = S3("COMPLETED", "REPLICA")
    [proof] = proofs(s3, [PAIR], ["documents"], 60, DAY, 1)
    assert s3.deleted == [("documents", NAME, "v1"), ("copy", NAME, "v1")]
    assert proof["removed"] == 2

    s3 = S3("COMPLETED", "REPLICA")
    [proof] = proofs(s3, [PAIR._replace(kept="only root may")], ["documents"], 60, DAY, 1)
    assert (s3.deleted, proof["kept"]) == ([], "only root may")

    s3 = S3("COMPLETED", "REPLICA")
    s3.refusal = RuntimeError("no")
    [proof] = proofs(s3, [PAIR], ["documents"], 60, DAY, 1)
    assert (proof["verdict"], proof["kept"]) == ("proved", "AWS refused: no"), "what stays harms nobody"
