"""Which hosts a build reaches by SSH, and whether known_hosts has a line for each. Pure."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

# git's two forms: ssh://[user@]host[:port]/path, and [user@]host:path, which has no port.
_URL = re.compile(r"(?:git\+)?ssh://(?:[^@/]+@)?(\[[^\]]+\]|[^:/\[]+)(?::(\d+))?(?:/|$)")
_SHORT = re.compile(r"(?:[^@/:]+@)?(\[[^\]]+\]|[^:/\[]+):(?!//)")
# As Debian's ssh writes lines by itself: salt, HMAC-SHA1.
_HASHED = re.compile(r"\|1\|([\w+/]{27}=)\|([\w+/]{27}=)", re.ASCII)


def strangers(urls: Iterable[str], hosts: Iterable[str], lines: Sequence[str]) -> list[str]:
    """Those that no line of known_hosts is for, as such a line would name them.

    A URL says its port; that of a host may stand in an SSH configuration, so a line of any port is taken.
    """
    patterns = [_patterns(line) for line in lines]
    bare = [[re.sub(r"\[(.+)\]:\d+$", r"\1", pattern) for pattern in some] for some in patterns]
    names = [(name, patterns) for name in map(_named, urls) if name] + [(name, bare) for name in hosts]
    unknown = [name for name, known in names if not any(_fits(name.lower(), some) for some in known)]
    return list(dict.fromkeys(unknown))


def _named(url: str) -> str:
    """As ssh looks it up: another port than 22 is part of the name."""
    found = _URL.match(url)
    if found:
        host, port = found[1].strip("[]"), found[2] or "22"
        return host if port == "22" else f"[{host}]:{port}"
    short = _SHORT.match(url)
    return short[1].strip("[]") if short and "://" not in url else ""


def _patterns(line: str) -> list[str]:
    words = line.removeprefix("@cert-authority ").split()
    if not words or words[0] == "@revoked":
        return []
    return [words[0]] if _HASHED.fullmatch(words[0]) else words[0].lower().split(",")


def _fits(name: str, patterns: Sequence[str]) -> bool:
    """sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: * and ? are wildcards, and what a ! excludes no other pattern lets in."""
    literal = [pattern.replace("[", "[[]") for pattern in patterns]
    if any(pattern[0] == "!" and fnmatchcase(name, pattern[1:]) for pattern in literal if pattern):
        return False
    return any(fnmatchcase(name, pattern) or _is_hash_of(name, pattern) for pattern in literal)


def _is_hash_of(name: str, pattern: str) -> bool:
    found = _HASHED.fullmatch(pattern)
    salt = base64.b64decode(found[1]) if found else b""
    return found is not None and base64.b64encode(hmac.digest(salt, name.encode(), "sha1")).decode() == found[2]
