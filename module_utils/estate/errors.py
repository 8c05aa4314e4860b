"""What is refused, by us or by AWS, in sentences that say what to do. No Ansible, no I/O."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable


class Refusal(ValueError):
    """What is declared, or asked for, must not or cannot be done: a sentence for each reason, in the vars' words."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean Admins?" where a known name is near, whatever its case; else ""."""
    by_lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(str(name).lower(), by_lower, n=1)
    return f"; did you mean {by_lower[found[0]]}?" if found else ""


# What the person should do, by AWS error code or botocore exception name.
_ADVICE = {
    "ExpiredToken": "the session has expired: sign in again",
    "ExpiredTokenException": "the session has expired: sign in again",
    "RequestExpired": "the session has expired: sign in again",
    "TokenRefreshRequired": "the session has expired: sign in again",
    "UnauthorizedSSOTokenError": "the session has expired: sign in again",
    "SSOTokenLoadError": "nobody is signed in: sign in first",
    "InvalidClientTokenId": "AWS does not know the access key: check the profile's credentials",
    "SignatureDoesNotMatch": "the secret key does not match the access key: check the profile's credentials",
    "AccessDenied": "not allowed: check the role's trust and the MFA of the session",
    "AccessDeniedException": "not allowed: check the role's trust and the MFA of the session",
    "NoCredentialsError": "no AWS credentials found: sign in, or set up the profile (docs/credentials.md)",
    "PartialCredentialsError": "the credentials are incomplete: set up the profile again (docs/credentials.md)",
    "ProfileNotFound": "the profile is not in the AWS config file: add it (docs/credentials.md)",
    "ConfigParseError": "the AWS config file cannot be read: mend it (docs/credentials.md)",
    "InvalidConfigError": "no AWS credentials found: sign in, or set up the profile (docs/credentials.md)",
    "EndpointConnectionError": "AWS cannot be reached: check the network",
    "ConnectTimeoutError": "AWS cannot be reached: check the network",
    "ReadTimeoutError": "AWS did not answer in time: try again",
    "ResponseStreamingError": "AWS's answer broke off in its middle: try again",
    "ProxyConnectionError": "the proxy cannot be reached: check the network",
    "SSLError": "AWS's certificate was not accepted: check the proxy, or AWS_CA_BUNDLE",
}


def _error(exc: BaseException) -> dict[str, str]:
    """What AWS says of it; {} where AWS did not answer."""
    response = getattr(exc, "response", None)
    return response.get("Error", {}) if isinstance(response, dict) else {}


def error_code(exc: BaseException) -> str:
    """AWS's error code where AWS answered, else the exception's own name."""
    return _error(exc).get("Code") or type(exc).__name__


def or_none[T](ask: Callable[[], T], *absent: str) -> T | None:
    """What AWS answers, or None where it answers with one of these codes: there is no such thing."""
    try:
        return ask()
    except Exception as exc:
        if error_code(exc) not in absent:
            raise
        return None


# The same by a word of AWS's message, which comes before its code: a refusal has more than one cause.
_ADVICE_BY_WORD = {
    "BlockPublicPolicy": "the bucket's public access block refuses a policy that allows everybody",
    "BlockPublicAcls": "the bucket's public access block refuses an ACL that allows everybody",
    "explicit deny in a resource-based policy": "the bucket's own policy denies it: see its Deny statements",
    "OperationAborted": "another change of it is under way; the name of a bucket that was deleted can take an hour",
}


def sentence(exc: BaseException, doing: str) -> str:
    """'Could not X: what to do. AWS says: …' on one line; the advice only where there is any."""
    chain = [exc, exc.__cause__, exc.__context__, getattr(exc, "exception", None)]
    detail = _error(exc).get("Detail") or ""  # what the message leaves out: which principal AWS does not know, for one
    said = " ".join(f"{exc} {detail}".split()).rstrip(".")
    advice = next((found for word, found in _ADVICE_BY_WORD.items() if word in said), None)
    advice = advice or next((_ADVICE[code] for e in chain if e and (code := error_code(e)) in _ADVICE), None)
    return f"{doing}: {advice} ({said})." if advice else f"{doing}: {said}."
