"""Real dumps in a real PostgreSQL, and what befalls them."""

from __future__ import annotations

import datetime
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils.estate.dumps import scratch as scratch_module
from ansible.module_utils.estate.dumps.restore import Restored, judge, load, look
from ansible.module_utils.estate.dumps.scratch import scratch
from ansible.module_utils.estate.errors import Refusal

from tests.support import dumps
from tests.support.dumps import packed

pytestmark = pytest.mark.slow
maker, plain, within = dumps.maker, dumps.plain, dumps.within
ROOT = Path(__file__).parents[3]
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def home(maker, monkeypatch):
    monkeypatch.setenv("GNUPGHOME", str(maker.home))
    return maker


def restored(within, data, times=("audit_events.created_at",)):
    with scratch(str(within)) as server:
        load(iter([data[:100], data[100:]]), server)
        return look(server, times)


def test_what_was_dumped_comes_back_with_its_counts_and_its_newest_time(home, plain, within):
    rows, newest = restored(within, home.encrypted(packed(plain)))

    assert rows == {"public.Odd name": 3, "public.audit_events": 972, "public.users": 500}
    assert 29 < (datetime.datetime.now(datetime.UTC) - newest).total_seconds() / 60 < 35
    assert list(within.iterdir()) == [], "nothing is left"


END = b"-- PostgreSQL database dump complete"
SPOILT = {
    "cut off": (lambda home, sql: home.encrypted(packed(sql))[:-2000], "gpg could not open it"),
    "cut before": (lambda home, sql: home.encrypted(packed(sql)[:-100]), "no whole gzip file"),
    "half": (lambda home, sql: home.encrypted(packed(sql[: len(sql) // 2])), "did not take it|pg_dump's last line"),
    "no end": (lambda home, sql: home.encrypted(packed(sql.rpartition(END)[0])), "pg_dump's last line"),
    "another's key": (lambda home, sql: home.encrypted(packed(sql), home.other_key()), "open it: .*No secret key"),
    "a command": (lambda home, sql: home.encrypted(packed(b"\\! id\n" + sql)), "backslash commands are restricted"),
    "a program": (lambda home, sql: home.encrypted(packed(b"COPY x TO PROGRAM 'id';\n" + sql)), "did not take it"),
    "not encrypted": (lambda _, sql: packed(sql), "gpg could not open it"),
}


@pytest.mark.parametrize(("spoil", "says"), SPOILT.values(), ids=SPOILT)
def test_a_dump_that_cannot_be_restored_says_why(home, plain, within, spoil, says):
    with pytest.raises(Refusal, match=says):
        restored(within, spoil(home, plain))
    assert list(within.iterdir()) == []


def test_a_large_dump_that_is_refused_at_its_beginning_does_not_wait_for_its_end(home, plain, within):
    """More than all pipes hold, and nothing that packs well."""
    large = b"SELECT nothing;\n" + b"".join(b"-- %s\n" % os.urandom(500).hex().encode() for _ in range(20_000)) + plain
    with pytest.raises(Refusal, match=r'did not take it: .*column "nothing" does not exist'):
        restored(within, home.encrypted(packed(large)))
    assert list(within.iterdir()) == []


def test_a_run_that_is_ended_leaves_no_server_and_no_file(within):
    code = (
        "import sys, time, ansible.module_utils as m; m.__path__.append('module_utils')\n"
        "from ansible.module_utils.estate.dumps.scratch import scratch\n"
        f"with scratch({str(within)!r}) as s:\n"
        " print(open(s.folder / 'data/postmaster.pid').readline(), flush=True)\n time.sleep(60)\n"
    )
    for ending in (signal.SIGTERM, signal.SIGKILL):
        run = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        server = int(run.stdout.readline())
        run.send_signal(ending)
        run.wait()
        deadline = time.monotonic() + 20
        while Path(f"/proc/{server}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{server}").exists(), ending
    [left] = within.iterdir()
    assert re.match(rf"{scratch_module.PREFIX}\d+-", left.name), "only a kill leaves files"
    scratch_module._sweep(within)
    assert list(within.iterdir()) == []
    (within / f"{scratch_module.PREFIX}{os.getpid()}-x").mkdir()
    scratch_module._sweep(within)
    assert len(list(within.iterdir())) == 1, "another run's is left alone"
    (within / f"{scratch_module.PREFIX}{os.getpid()}-x").rmdir()


def test_rows_are_compared_with_the_last_good_restore():
    last = {"key": "old", "rows": {"users": 500, "events": 1000, "gone": 1}}
    [rows, lost] = judge("preview", "new", Restored({"users": 490, "events": 100}, NOW, 3.0), last, 30, 0.1, NOW)

    assert (rows["verdict"], rows["why"]) == ("failed", "gone is gone; events has 100 rows, and had 1000")
    assert (lost["verdict"], lost["age_seconds"]) == ("proved", 0)


@pytest.mark.parametrize(
    ("newest", "verdict"),
    [(NOW - datetime.timedelta(hours=31), "failed"), (NOW - datetime.timedelta(hours=29), "proved"), (None, "failed")],
)
def test_what_would_be_lost_is_measured(newest, verdict):
    [rows, lost] = judge("preview", "new", Restored({"users": 1}, newest, 3.0), None, 30, 0.1, NOW)
    assert (rows["verdict"], lost["verdict"]) == ("proved", verdict)


def test_an_empty_database_is_no_restore():
    [rows, _] = judge("preview", "new", Restored({"users": 0}, NOW, 3.0), None, 30, 0.1, NOW)
    assert rows["verdict"] == "failed"


def test_a_column_is_a_name_and_nothing_else(within):
    with scratch(str(within)) as server, pytest.raises(Refusal, match="is no column"):
        look(server, ["users; DROP TABLE users.x"])
