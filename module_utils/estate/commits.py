"""Which code a run is made of: the commit of a checkout, and what was changed in it since."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path


def commit(folder: str | Path) -> str:
    """The commit's name, with "+" and a digest where files differ from it; "" where that is no checkout of git."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return ""
    changed = _git(folder, "diff", "--binary", "HEAD", "--", ".") or b""
    more = [
        name for name in (_git(folder, "ls-files", "-z", "--others", "--exclude-standard") or b"").split(b"\0") if name
    ]
    if not changed and not more:
        return head.decode().strip()
    digest = hashlib.sha256(changed)
    for name in sorted(more):
        path = Path(folder, name.decode(errors="surrogateescape"))
        digest.update(name + b"\0" + (path.read_bytes() if path.is_file() else b"") + b"\0")
    return f"{head.decode().strip()}+{digest.hexdigest()[:12]}"


def commits(estate: str | Path, credentials: str | Path) -> dict[str, str]:
    """What a plan keeps, and what applies it must have."""
    return {"estate": commit(estate), "credentials": commit(credentials) if credentials else ""}


def _git(folder: str | Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
