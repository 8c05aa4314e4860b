import datetime

import pytest
from ansible.module_utils.estate.replication.plan import MISSING, NAME, Canary, Look, canary, pairs, plan, verdict
from ansible.module_utils.estate.replication.read import proofs

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)

RULE = {"id": "documents", "bucket": "copy", "region": "eu-west-2"}


def rules(*rules):
    return pairs([{"name": "documents", "region": "eu-west-1", "replication": {"rules": list(rules)}}, {"name": "x"}])


[PAIR] = rules(RULE)


def source(version="v2", hours=1, status="COMPLETED"):
    return Canary(version, NOW - datetime.timedelta(hours=hours), status)


@pytest.mark.parametrize(
    ("at_source", "at_replica", "said"),
    [
        (source(), Canary("v2", NOW, "REPLICA"), "proven"),
        (source(hours=25), Canary("v2", NOW, "REPLICA"), "stale"),
        (MISSING, MISSING, "stale"),
        (source(status="PENDING"), Canary("v1", NOW, "REPLICA"), "waiting"),
        (source(status=None), MISSING, "waiting"),
        (source(status="FAILED"), MISSING, "failed"),
        (source(status="FAILED", hours=30), MISSING, "stale"),
        (source(), Canary("v2", NOW, None), "waiting"),
        # another rule of the same source fails for every object
        (source(status="FAILED"), Canary("v2", NOW, "REPLICA"), "failed"),
    ],
)
def test_only_the_same_version_at_the_replica_is_proof(at_source, at_replica, said):
    assert verdict(Look(PAIR, at_source, at_replica), NOW, DAY) == said


def test_reads_what_head_object_answers():
    head = {"VersionId": "v1", "LastModified": NOW, "ReplicationStatus": "PENDING"}

    assert canary(head) == Canary("v1", NOW, "PENDING")
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
    looks = [Look(pair, MISSING, MISSING) for pair in found]
    actions = plan("preview", looks, NOW, DAY, writes=True).actions
    assert [action.params.get("Tagging") for action in actions] == [None, "public=yes", None]


def test_a_replica_of_another_account_is_proved_by_the_source():
    [pair] = rules({**RULE, "account": "444444444444"})
    assert verdict(Look(pair, source(), MISSING), NOW, DAY) == "proven"
    assert verdict(Look(pair, source(status="PENDING"), MISSING), NOW, DAY) == "waiting"


def test_what_failed_is_tried_anew_and_what_is_stale_is_drift_where_nothing_may_be_written():
    failed = Look(PAIR, source(status="FAILED"), MISSING)
    assert [action.method for action in plan("preview", [failed], NOW, DAY, writes=True).actions] == ["s3.put_object"]

    never = plan("preview", [Look(PAIR, MISSING, MISSING)], NOW, DAY, writes=False)
    assert (list(never.actions), len(never.drift)) == ([], 1)
    assert never.drift[0].startswith("replication of documents into copy was never proved: estate prove writes")


class Heads(dict):
    """Answers HeadObject with what it is given, one after the other."""

    def __init__(self, *answers):
        super().__init__({("s3", region): self for region in ("eu-west-1", "eu-west-2")})
        self.answers = list(answers)

    def head_object(self, Bucket, Key):  # noqa: ARG002
        status = self.answers.pop(0)
        return {"VersionId": "v1", "LastModified": datetime.datetime.now(datetime.UTC), "ReplicationStatus": status}


def test_a_canary_is_waited_for_and_what_does_not_come_says_so():
    pauses = []
    [proof] = proofs(Heads("PENDING", "REPLICA", "COMPLETED", "REPLICA"), [PAIR], 60, DAY, 1, pauses.append)
    assert (proof["verdict"], len(pauses)) == ("proven", 1)

    [proof] = proofs(Heads(*["PENDING", "REPLICA"] * 9), [PAIR], 1e-9, DAY, 1, pauses.append)
    assert proof["why"] == "estate-canary.txt did not arrive within 1e-09 s"

    [proof] = proofs(Heads("PENDING", "REPLICA"), [PAIR], 0, DAY, 1, pauses.append)
    assert (proof["verdict"], proof["why"]) == ("waiting", "")
