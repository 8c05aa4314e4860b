"""A dump brought back: decrypted, unpacked and loaded as it comes, so that its SQL is never on disk; then counted.

What is loaded is not trusted: whoever has the public key can write a dump. psql takes no command but SQL of it
(https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-META-COMMAND-RESTRICT), and its role is no superuser.
"""

from __future__ import annotations

import contextlib
import datetime
import gzip
import os
import re
import secrets
import subprocess
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from ansible.module_utils.estate.dumps.scratch import DATABASE, Scratch, last_line
from ansible.module_utils.estate.errors import Refusal

CHUNK = 1024 * 1024
_OWN = re.compile(rb"\\(un)?restrict [A-Za-z0-9]{32,}\s*")
_WHOLE = b"-- PostgreSQL database dump complete"
COLUMN = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*){1,2}")
_COUNTS = """
SELECT table_schema || '.' || table_name, (xpath('/row/n/text()', query_to_xml(
  format('SELECT count(*) AS n FROM %I.%I', table_schema, table_name), false, true, '')))[1]::text
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


class Restored(NamedTuple):
    rows: dict[str, int]  # by schema.table
    newest: datetime.datetime | None  # of the columns that say when business was done
    seconds: float  # from the first byte to the last count


@contextlib.contextmanager
def keyring(key: str | None) -> Iterator[None]:
    """The key of a file for as long as this lasts; without a file, whatever GNUPGHOME has."""
    if not key:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="estate-key-") as home:  # 0700
        before = os.environ.get("GNUPGHOME")
        os.environ["GNUPGHOME"] = home
        try:
            done = subprocess.run(["gpg", "--batch", "--import", key], capture_output=True, check=False)
            if done.returncode:
                raise Refusal(f"gpg could not take the key of {key}: {last_line(done.stderr)}")
            yield
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)
            os.environ.pop("GNUPGHOME")
            os.environ |= {"GNUPGHOME": before} if before is not None else {}


def load(chunks: Iterator[bytes], scratch: Scratch, progress: Callable[[int], None] = lambda _count: None) -> None:
    """Raises Refusal with what went wrong first on the way from the file to the database."""
    with contextlib.ExitStack() as stack:
        gpg = subprocess.Popen(
            ["gpg", "--batch", "--no-tty", "--decrypt"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        words = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", DATABASE)
        psql = scratch.start(
            scratch.command("psql", *words), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for process in (gpg, psql):
            stack.callback(process.wait)
            stack.callback(process.kill)
        heard = [_hear(process.stderr) for process in (gpg, psql)]
        feeding = threading.Thread(target=_feed, args=(chunks, gpg.stdin, progress), daemon=True)
        feeding.start()
        whole, torn, left = _pour(gpg.stdout, psql.stdin)
        feeding.join()
        opened, loaded = gpg.wait(), psql.wait()
        refused, wrong = (said() for said in heard)
        if loaded and left:
            raise Refusal(f"PostgreSQL did not take it: {last_line(wrong)}")
        if opened:
            raise Refusal(f"gpg could not open it: {last_line(refused)}")
        if torn:
            raise Refusal(f"what gpg opened is no whole gzip file ({torn})")
        if loaded:
            raise Refusal(f"PostgreSQL did not take it: {last_line(wrong)}")
        if not whole:
            raise Refusal("its SQL ends before pg_dump's last line, so pg_dump did not come to its end")


def _hear(stream: IO[bytes] | None) -> Callable[[], bytes]:
    """Reads on, so that nobody waits for a full pipe; the last of it when it is asked for."""
    said: list[bytes] = []

    def listen() -> None:
        for line in stream or ():
            said.append(line)
            del said[:-50]

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()

    def told() -> bytes:
        thread.join()
        return b"".join(said)

    return told


def _feed(chunks: Iterator[bytes], into: IO[bytes] | None, progress: Callable[[int], None]) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever read it says why it stopped
        if into:
            with into:
                for chunk in chunks:
                    into.write(chunk)
                    progress(len(chunk))


def _pour(packed: IO[bytes] | None, into: IO[bytes] | None) -> tuple[bool, str, bool]:
    """(whether pg_dump's last line was there, what is wrong with the gzip file or "", whether psql left before its end)

    gpg is told that nobody reads on, or it would wait for ever, and whoever feeds it.
    """
    whole, torn = False, ""
    if packed and into:
        with packed, contextlib.suppress(BrokenPipeError):
            with into:
                into.write(b"\\restrict " + secrets.token_hex(16).encode() + b"\n")
                try:
                    for line in gzip.GzipFile(fileobj=packed):
                        if line.startswith(b"\\") and _OWN.fullmatch(line):
                            continue  # pg_dump's own, within which ours would end
                        whole |= line.startswith(_WHOLE)
                        into.write(line)
                except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
                    torn = str(exc)
            return whole, torn, False
    return whole, torn, True


def look(scratch: Scratch, times: Sequence[str]) -> tuple[dict[str, int], datetime.datetime | None]:
    """Rows by table, and the newest of the columns ("table.column") that say when something was done."""
    rows = {name: int(count) for name, count in scratch.ask(_COUNTS)}
    newest: list[datetime.datetime] = []
    for one in times:
        if not COLUMN.fullmatch(one):
            raise Refusal(f"{one!r} is no column; allowed is table.column or schema.table.column")
        table, _, column = one.rpartition(".")
        # What a wrong clock wrote is no business of today's, and would hide that nothing came since.
        until = f"{column} <= now() + interval '2 hours'"
        asked = f"SELECT coalesce(extract(epoch FROM max({column})::timestamptz)::text, '-') FROM {table} WHERE {until}"  # noqa: S608 both are names
        [[epoch]] = scratch.ask(asked)
        if epoch != "-":
            newest.append(datetime.datetime.fromtimestamp(float(epoch), datetime.UTC))
    return rows, max(newest, default=None)


def judge(
    stage: str,
    key: str,
    restored: Restored,
    last: Mapping[str, Any] | None,
    rpo_hours: int,
    shrink: float,
    now: datetime.datetime,
) -> Iterator[dict[str, Any]]:
    """last is the proof of rows of the last good restore, None where there was none."""
    rows, at = restored.rows, {"key": key, "at": now.isoformat()}
    before = (last or {}).get("rows") or {}
    gone = [table for table in before if table not in rows]
    fewer = [f"{table} has {rows[table]} rows, and had {n}" for table, n in before.items()
             if table in rows and rows[table] < n * (1 - shrink)]  # fmt: skip
    why = ""
    if not any(rows.values()):
        why = f"{key} was loaded, and there is no row in it"
    elif gone or fewer:
        why = "; ".join([*(f"{table} is gone" for table in gone), *fewer])
    verdict = "failed" if why else "proved"
    more = {
        "rows": rows,
        "tables": len(rows),
        "seconds": round(restored.seconds, 1),
        "since": (last or {}).get("key", ""),
    }
    yield {"subject": f"restore of {stage}'s dump", "verdict": verdict, "why": why, **at, **more}
    if restored.newest is None:
        why, age = "no column that says when business was done has a value", None
    else:
        age = int((now - restored.newest).total_seconds())
        why = f"the newest that came back is {age / 3600:.0f} hours old" if age > rpo_hours * 3600 else ""
    proof = {"subject": f"what would be lost of {stage}", "verdict": "failed" if why else "proved", "why": why, **at}
    yield {**proof, "age_seconds": age, "expected": f"at most {rpo_hours} hours"}
