"""A page of a bucket's versions, read only where it has to be: XML is most of what comparing a million keys costs.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from __future__ import annotations

import functools
import io
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus, urlencode
from xml.etree import ElementTree
from xml.sax.saxutils import escape, unescape

# (key as it is listed, version, whether it is the current one, last modified, ETag without quotes, size); a delete
# marker has neither ETag nor size.
Entry = tuple[str, str, str, str, str, str]
# As S3 lists them. What is listed in another way is read by the whole parser, which takes ten times as long.
_ENTRY = re.compile(
    r"<(?:Version|DeleteMarker)><Key>([^<]*)</Key><VersionId>([^<]*)</VersionId><IsLatest>([^<]*)</IsLatest>"
    r"<LastModified>([^<]*)</LastModified>"
    r"(?:<ETag>(?:&quot;|\")?([^<&\"]*)(?:&quot;|\")?</ETag>(?:<Checksum\w+>[^<]*</Checksum\w+>)*<Size>(\d+)</Size>)?"
)
_FIRST = re.compile(rb"<(?:Version|DeleteMarker)>")
_MORE = re.compile(rb"<IsTruncated>\s*true")
_NEXT_KEY, _NEXT_VERSION = (re.compile(rf"<Next{name}Marker>([^<]*)<".encode()) for name in ("Key", "VersionId"))


def plain(key: str) -> str:
    """The key itself: S3 lists it encoded, since XML has no room for every character."""
    return unquote_plus(key) if "%" in key or "+" in key else key


class Page:
    def __init__(self, body: bytes) -> None:
        self.body = body
        first = _FIRST.search(body)
        self._start = first.start() if first else len(body)
        self._encoded = b"<EncodingType>url<" in body[: self._start] or b"<EncodingType>url<" in body[-500:]

    @functools.cached_property
    def _markers(self) -> bool:
        return b"<DeleteMarker>" in self.body

    @property
    def more(self) -> tuple[str, str] | None:
        """Key (in plain) and version that the next page begins after; None where this is the last one."""
        if not _MORE.search(self.body):
            return None
        key, version = _NEXT_KEY.search(self.body), _NEXT_VERSION.search(self.body)
        return plain(self._listed(key[1].decode())) if key else "", version[1].decode() if version else ""

    def _listed(self, key: str) -> str:
        """As AWS lists it: a server that does not encode keys only escapes what XML must."""
        return key if self._encoded else quote_plus(unescape(key, {"&quot;": '"'}), safe="/")

    @property
    def last(self) -> str:
        """The last key, in plain; "" where there is none."""
        if self._markers:
            return plain(self.entries[-1][0])
        key = self.body[self.body.rfind(b"<Key>", self._start) + 5 :] if self._start < len(self.body) else b""
        return plain(self._listed(key.partition(b"<")[0].decode()))

    def __len__(self) -> int:
        return self.body.count(b"<LastModified>", self._start)  # a longer word is found faster

    def same(self, other: Page) -> bool:
        """To the last letter: then nobody has to read either."""
        rest = memoryview(other.body)[other._start :]  # endswith compares by memcmp, and memoryviews byte by byte
        return len(self.body) - self._start == len(rest) and self.body.endswith(rest)

    @functools.cached_property
    def entries(self) -> list[Entry]:
        body = self.body.decode()
        found = _ENTRY.findall(body)
        # Each Version has an ETag, and nothing was passed over.
        if len(found) != len(self) or sum(1 for one in found if one[4]) != body.count("<Version>"):
            found = _whole(body)
        found = found if self._encoded else [(self._listed(one[0]), *one[1:]) for one in found]
        # AWS lists delete markers in their place, and others after all else.
        return sorted(found, key=lambda entry: plain(entry[0])) if self._markers else found


def _whole(body: str) -> list[Entry]:
    found = []
    for element in ElementTree.fromstring(body):  # noqa: S314 AWS's own answer; expat refuses entity bombs
        kind = element.tag.rpartition("}")[2]
        if kind in ("Version", "DeleteMarker"):
            said = {one.tag.rpartition("}")[2]: (one.text or "").strip() for one in element}
            etag, size = (said.get("ETag", "").strip('"'), said.get("Size", "")) if kind == "Version" else ("", "")
            words = [said.get(name, "") for name in ("Key", "VersionId", "IsLatest", "LastModified")]
            found.append((escape(words[0]), words[1], words[2], words[3], etag, size))
    return found


def _page(status: int, body: bytes) -> Page | None:
    return Page(body) if status == 200 and body[-100:].rstrip().endswith(b"</ListVersionsResult>") else None


class _Nothing(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Lister:
    """Fetches pages of a bucket. The client is good for nothing else afterwards.

    botocore finds out where the bucket is, and has its way with whatever goes wrong. The rest is signed by it and sent
    directly, since it reads every answer three times, and each takes longer than all the rest.
    """

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._read = threading.local()
        self._url = ""
        client.meta.events.register("before-send.s3.ListObjectVersions", self._sent, unique_id=f"pages of {bucket}")

    def __call__(self, after: tuple[str, str]) -> Page:
        key, version = after
        if self._url:
            said = {"versions": "", "encoding-type": "url", "prefix": self._prefix}
            said |= ({"key-marker": key} if key else {}) | ({"version-id-marker": version} if version else {})
            page = self._ask(said)
            if page:
                return page
        self._read.page = None
        more = ({"KeyMarker": key} if key else {}) | ({"VersionIdMarker": version} if version else {})
        self._client.list_object_versions(Bucket=self._bucket, Prefix=self._prefix, EncodingType="url", **more)
        return self._read.page

    def _ask(self, said: dict[str, str]) -> Page | None:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import HTTPClientError
        from urllib3.exceptions import HTTPError

        url = f"{self._url}?{urlencode(said, quote_via=quote, safe='')}"
        request = AWSRequest("GET", url, stream_output=True)
        credentials = self._client._request_signer._credentials.get_frozen_credentials()
        S3SigV4Auth(credentials, "s3", self._client.meta.region_name).add_auth(request)
        try:
            response = self._client._endpoint.http_session.send(request.prepare())
            # In one piece: what botocore reads is put together three times.
            return _page(response.status_code, response.raw.read())
        except (HTTPClientError, HTTPError):
            return None  # botocore tries again, as often as it was told to

    def _sent(self, request: Any, **_: Any) -> Any:
        if f"/{self._bucket}" not in request.url and f"//{self._bucket}." not in request.url:
            return None  # another Lister's
        response = self._client._endpoint.http_session.send(request)
        self._read.page = _page(response.status_code, response.content)
        if not self._read.page:
            return response
        self._url = request.url.partition("?")[0]
        # Without the page's headers: its length is not that of this.
        return type(response)(response.url, 200, {}, _Nothing(b"<ListVersionsResult/>"))
