"""A bucket's configurations come back as they were put; what S3 would refuse is refused.

moto takes apart and drops pieces of some, and takes a PUT of those that it does not know for CreateBucket. Here a kind
of configuration is kept whole, as botocore's model reads it; patches that check one register it in KINDS.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketMetricsConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from moto.core.responses import ActionResult, EmptyResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from local_aws import xml_bodies
from local_aws.errors import AwsError, invalid_argument, invalid_request, malformed_xml
from local_aws.replacing import extends

MOST = 1000  # of each kind that has ids
NO_CONFIGURATION = ("NoSuchConfiguration", "The specified configuration does not exist.")
NO_WEBSITE = ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")
Config = dict[str, Any]


class Kind(NamedTuple):
    """name is what its operations are called by: Get…, Put…, Delete…; shape the member that a PUT brings."""

    name: str
    shape: str
    check: Callable[[S3Response, FakeBucket, Config], None] = lambda *_: None
    missing: tuple[str, str] | None = None  # the error of a GET where there is none, or else an empty answer
    wrapped: bool = False  # whether a GET answers {shape: …}, or what is in it
    many: bool = False  # by id


def check_acceleration(_: S3Response, bucket: FakeBucket, config: Config) -> None:
    if "Status" not in config:
        raise malformed_xml()
    if "." in bucket.name:
        raise invalid_request("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")


def check_tiers(_: S3Response, __: FakeBucket, config: Config) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_Tiering.html"""
    shortest = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
    tiers = config["Tierings"]
    if len({tier["AccessTier"] for tier in tiers}) < len(tiers):
        raise malformed_xml()
    for tier in tiers:
        if not shortest[tier["AccessTier"]] <= tier["Days"] <= 730:
            raise invalid_argument(f"Invalid number of days for {tier['AccessTier']}")


def check_filter(_: S3Response, __: FakeBucket, config: Config) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_MetricsFilter.html"""
    given = config.get("Filter")
    if given is not None and len(given) != 1:
        raise malformed_xml()
    tags = ((given or {}).get("And") or {}).get("Tags") or []
    if len({tag["Key"] for tag in tags}) < len(tags):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")


def check_website(_: S3Response, __: FakeBucket, config: Config) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html"""
    elsewhere, index = config.get("RedirectAllRequestsTo"), config.get("IndexDocument")
    if elsewhere and len(config) > 1:
        raise invalid_request("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.")
    if not elsewhere and not index:
        raise invalid_argument("A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty")
    if index and (not index["Suffix"] or "/" in index["Suffix"]):
        raise invalid_argument("The IndexDocument Suffix is not well formed")


def check_inventory(_: S3Response, __: FakeBucket, config: Config) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html"""
    if not config["Destination"]["S3BucketDestination"]["Bucket"].startswith("arn:aws:s3:::"):
        raise AwsError("InvalidS3DestinationBucket", "Invalid bucket ARN.")


# The word of the query string that asks for it.
KINDS = {
    "requestPayment": Kind("BucketRequestPayment", "RequestPaymentConfiguration"),
    "accelerate": Kind("BucketAccelerateConfiguration", "AccelerateConfiguration", check_acceleration),
    "website": Kind("BucketWebsite", "WebsiteConfiguration", check_website, NO_WEBSITE),
    "metrics": Kind(
        "BucketMetricsConfiguration", "MetricsConfiguration", check_filter, NO_CONFIGURATION, many=True
    ),
    "analytics": Kind(
        "BucketAnalyticsConfiguration", "AnalyticsConfiguration", check_filter, NO_CONFIGURATION, many=True
    ),
    "inventory": Kind(
        "BucketInventoryConfiguration", "InventoryConfiguration", check_inventory, NO_CONFIGURATION, many=True
    ),
    "intelligent-tiering": Kind(
        "BucketIntelligentTieringConfiguration", "IntelligentTieringConfiguration", check_tiers, NO_CONFIGURATION,
        many=True,
    ),
}  # fmt: skip


def kept(bucket: FakeBucket) -> dict[str, Any]:
    """{query word: configuration, or {id: configuration}}"""
    if "configurations" not in vars(bucket):
        made: dict[str, Any] = {"requestPayment": {"Payer": "BucketOwner"}}
        if bucket.object_lock_enabled:
            made["object-lock"] = {"ObjectLockEnabled": "Enabled"}
        vars(bucket).setdefault("configurations", made)  # of two who ask at once, both get the same
    return bucket.configurations


def shuffled(bucket: FakeBucket, word: str, items: list[Any]) -> list[Any]:
    """In another order at each read, as what S3 promises no order of; the same in each run."""
    reads: Counter[str] = kept(bucket).setdefault("reads", Counter())
    reads[word] += 1
    turn = reads[word] % max(len(items), 1)
    return items[turn:] + items[:turn]


def answered(response: S3Response, operation: str, result: Config | None = None) -> Any:
    response.data["Action"] = operation
    return response.serialized(ActionResult(result) if result else EmptyResult())


def put(self: S3Response, word: str, kind: Kind) -> Any:
    bucket = self.backend.get_bucket(self.bucket_name)
    config = xml_bodies.parsed(self, f"Put{kind.name}").get(kind.shape)
    if config is None:
        raise malformed_xml()
    kind.check(self, bucket, config)
    if kind.many:
        _put_one(self, kept(bucket).setdefault(word, {}), config)
    else:
        kept(bucket)[word] = config
    return 200, {}, ""


def _put_one(self: S3Response, all_of_kind: dict[str, Config], config: Config) -> None:
    name = self.querystring.get("id", [""])[0]
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name) or config.get("Id") != name:
        raise AwsError("InvalidConfigurationId", "The specified configuration id is invalid.")
    if name not in all_of_kind and len(all_of_kind) >= MOST:
        message = "You are attempting to create a new configuration but have already reached the 1,000-configuration "
        raise AwsError("TooManyConfigurations", f"{message}limit.")
    all_of_kind[name] = config


def get(self: S3Response, word: str, kind: Kind) -> Any:
    config = kept(self.backend.get_bucket(self.bucket_name)).get(word)
    if kind.many:
        name = self.querystring.get("id", [None])[0]
        if name is None:
            found = [one for _, one in sorted((config or {}).items())]
            return answered(self, f"List{kind.name}s", {f"{kind.shape}List": found, "IsTruncated": False})
        config = (config or {}).get(name)
    if config is None and kind.missing:
        raise AwsError(*kind.missing, BucketName=self.bucket_name)
    return answered(self, f"Get{kind.name}", {kind.shape: config} if kind.wrapped or kind.many else config)


def delete(self: S3Response, word: str, kind: Kind) -> Any:
    all_kept = kept(self.backend.get_bucket(self.bucket_name))
    if kind.many:
        if all_kept.get(word, {}).pop(self.querystring.get("id", [""])[0], None) is None:
            raise AwsError(*NO_CONFIGURATION)
    else:
        all_kept.pop(word, None)
    return 204, {}, ""


def _asked(answer: Callable[[S3Response, str, Kind], Any]) -> Callable[..., Any]:
    def respond(original: Any, self: S3Response, *given: Any) -> Any:
        word = next((word for word in given[-1] if word in KINDS), None)  # of the query string
        return answer(self, word, KINDS[word]) if word else original(self, *given)

    return respond


for _verb, _answer in {"put": put, "get": get, "delete": delete}.items():
    extends(S3Response, f"_bucket_response_{_verb}")(_asked(_answer))
