"""Who pays for requests and transfer: the bucket's owner, or whoever asks.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html
"""

from __future__ import annotations

from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting

CHOICES = ("BucketOwner", "Requester")


def _live(answer: Answer) -> str:
    return answer.get("Payer") or CHOICES[0]


def _write(bucket: Bucket, _answer: Answer) -> Calls:
    return [("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": bucket["request_payer"]}})]


SETTING = Setting(
    name="request_payer",
    order=75,
    read="get_bucket_request_payment",
    live=_live,
    wanted=lambda bucket, _: bucket["request_payer"],
    write=_write,
    schema={"enum": list(CHOICES)},
    adopt=_live,
)
