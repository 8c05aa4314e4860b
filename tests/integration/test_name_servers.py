"""What the proof says of a name server that nobody here wrote: NSD, with a declared zone and with spoilt ones.

The tests' own name server, which stands in for Route 53's elsewhere, must answer as NSD does.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from ansible.module_utils.estate.dns.desired import dns_desired
from ansible.module_utils.estate.dns.plan import Delta, delta
from ansible.module_utils.estate.dns.prove import ask, delegated, proofs
from ansible.module_utils.estate.dns.read import Live, Zone
from ansible.module_utils.estate.dns.records import from_aws

from tests.support.name_server import NameServer

pytestmark = pytest.mark.slow
ZONE = "shop.example"
SERVERS = ["ns-1.example.", "ns-2.example."]
LONG = "v=DKIM1; k=rsa; p=" + "A" * 1400  # more than a packet takes: cut, and asked for again by TCP
RECORDS = {
    "@ A": "192.0.2.1",
    "@ MX": {"ttl": 3600, "values": ["1 mail.example.", "5 mail2.example."]},
    "@ CAA": ['0 issue "amazon.com"', '128 iodef "mailto:a@shop.example"'],
    "@ TXT": ["v=spf1 include:_spf.mail.example -all", 'said "so"; caf\u00e9 \\ end'],
    "google._domainkey TXT": LONG,
    "www CNAME": "api.shop.example.",  # a chain of two
    "api CNAME": "x.shop.example.",
    "x AAAA": ["2001:db8::1", "2001:db8::2"],
    "*.apps A": {"ttl": 60, "values": "192.0.2.9"},
    "deep.er A": "192.0.2.5",
    "_sip._tcp SRV": "10 5 5060 x.shop.example.",
    "old NS": ["ns1.old.shop.example.", "ns.other.example."],
    "ns1.old A": "192.0.2.53",
}  # fmt: skip


def declared(records: dict[str, Any] = RECORDS) -> Delta:
    zones = {ZONE: {"account": "main", "delegated_by": "the registrar", "records": records},
             "new.shop.example": {"account": "main"}}  # fmt: skip
    wanted = dns_desired(zones, "main", 600)[f"{ZONE}."]
    live = Live({f"{ZONE}.": Zone("Z1", ())}, name_servers={"new.shop.example.": SERVERS})
    found = delta(f"{ZONE}.", wanted, live)
    new = {("new.shop.example.", "NS", ""): {"Name": "new.shop.example.", "Type": "NS", "TTL": 3600,
           "ResourceRecords": [{"Value": name} for name in SERVERS]}}  # fmt: skip
    return found._replace(wanted={**found.wanted, **new})


def lines(found: Delta) -> list[str]:
    """Of a zone file, with what Route 53 makes with each zone."""
    apex = [f"{ZONE}. 900 IN SOA {SERVERS[0]} host.example. 1 7200 900 1209600 86400"]
    apex += [f"{ZONE}. 172800 IN NS {name}" for name in SERVERS]
    return apex + [
        f"{name} {one['TTL']} IN {kind} {from_aws(record['Value'])}"
        for (name, kind, _), one in found.wanted.items()
        for record in one["ResourceRecords"]
    ]


def free_port() -> int:
    """Of both kinds: one that is free for UDP may be another program's for TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, socket.socket() as stream:
            datagrams.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                stream.bind(datagrams.getsockname())
                return int(stream.getsockname()[1])


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """serve(lines, zone=…) -> where NSD answers with them."""
    program = shutil.which("nsd", path="/usr/sbin:/usr/bin")
    if not program:
        pytest.skip("nsd is missing (debian-packages.txt)")
    running: list[subprocess.Popen[bytes]] = []

    def start(said: list[str], zone: str = ZONE) -> str:
        folder = tmp_path / f"nsd-{len(running)}"
        folder.mkdir()
        port = free_port()
        (folder / "zone").write_text("\n".join(said) + "\n", encoding="utf-8")
        (folder / "nsd.conf").write_text(
            f'server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  username: ""\n  chroot: ""\n'
            f'  zonesdir: "{folder}"\n  database: ""\n  pidfile: ""\n  xfrdfile: ""\n  zonelistfile: "{folder}/list"\n'
            f'remote-control:\n  control-enable: no\nzone:\n  name: "{zone}"\n  zonefile: "zone"\n'
        )
        with (folder / "log").open("w") as log:
            running.append(
                subprocess.Popen([program, "-d", "-c", str(folder / "nsd.conf")], stdout=log, stderr=log,
                                 stdin=subprocess.DEVNULL)
            )  # fmt: skip
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                dns.query.udp(dns.message.make_query(zone, "SOA"), "127.0.0.1", 0.2, port)
                return f"127.0.0.1:{port}"
            except (OSError, dns.exception.DNSException):
                assert running[-1].poll() is None, (folder / "log").read_text()
        raise AssertionError((folder / "log").read_text())

    yield start
    for one in running:
        one.terminate()
        one.wait(10)


def why(found: Delta, *servers: str) -> dict[str, str]:
    return {
        proof["subject"]: proof["why"]
        for proof in proofs([found], {f"{ZONE}.": servers}, ask(1))
        if proof["verdict"] != "proved"
    }


def raw(where: str, name: str, kind: str) -> dns.message.Message:
    query = dns.message.make_query(name, kind, flags=0, use_edns=0, payload=1232)
    return dns.query.udp(query, "127.0.0.1", 2, int(where.partition(":")[2]), ignore_trailing=True)


def said(reply: dns.message.Message) -> tuple[Any, ...]:
    first = reply.answer[0] if reply.answer else None
    found = (first.name, first.rdtype, first.ttl, set(first)) if first is not None else ()
    return dns.rcode.to_text(reply.rcode()), bool(reply.flags & dns.flags.AA), found


def test_every_declared_record_is_proved_by_a_real_server_also_where_its_answer_is_cut(serve: Any) -> None:
    where = serve(lines(declared()))
    assert why(declared(), where) == {}
    assert raw(where, f"google._domainkey.{ZONE}", "TXT").flags & dns.flags.TC


@pytest.mark.parametrize(
    ("change", "subject", "said"),
    [
        ({"x AAAA": {"ttl": 60, "values": RECORDS["x AAAA"]}}, "x.shop.example AAAA", "with the ttl 60, not 600"),
        ({"x AAAA": "2001:db8::1"}, "x.shop.example AAAA", "answers 2001:db8::1"),
        ({"deep.er A": None}, "deep.er.shop.example A", "answers NXDOMAIN"),
        ({"deep.er A": None, "deep.er TXT": "y"}, "deep.er.shop.example A", "has no such record"),
        ({"deep.er A": None, "deep.er CNAME": "x.shop.example."}, "deep.er.shop.example A", "has no such record"),
        ({"*.apps A": None}, "*.apps.shop.example A", "answers NXDOMAIN"),
        ({"api CNAME": "y.example."}, "api.shop.example CNAME", "answers y.example."),
        ({"@ TXT": ["v=spf1 include:_spf.mail.example  -all", RECORDS["@ TXT"][1]]}, "shop.example TXT", "answers"),
        ({"google._domainkey TXT": LONG[:-1]}, "google._domainkey.shop.example TXT", "answers v=DKIM1"),
        ({"old NS": [RECORDS["old NS"][0], "ns.x.example."]}, "old.shop.example NS", "answers ns.x.example., ns1.old"),
        ({"ns1.old A": "192.0.2.54"}, "ns1.old.shop.example A", "answers 192.0.2.54"),
        ({"@ CAA": '0 issue "amazon.com"'}, "shop.example CAA", 'answers 0 issue "amazon.com"'),
    ],
)  # fmt: skip
def test_what_a_real_server_answers_otherwise_is_named(serve: Any, change: Any, subject: str, said: str) -> None:
    served = {key: value for key, value in {**RECORDS, **change}.items() if value is not None}
    found = why(declared(), serve(lines(declared(served))))
    assert list(found) == [subject]
    assert said in found[subject]


def test_a_server_that_has_not_the_zone_is_lame_and_one_that_is_down_is_named(serve: Any) -> None:
    right, lame = (
        serve(lines(declared())),
        serve([line.replace("shop", "shoq") for line in lines(declared())], "shoq.example"),
    )
    assert why(declared({"@ A": "192.0.2.1"}), right, lame)["shop.example A"] == f"{lame} answers REFUSED"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        down = f"127.0.0.1:{closed.getsockname()[1]}"
        assert f"{down} does not answer" in why(declared({"@ A": "192.0.2.1"}), right, down)["shop.example A"]


def test_a_real_parent_refers_to_the_zones_own_servers_or_the_delegation_fails(serve: Any) -> None:
    parent = serve(lines(declared()))
    right = delegated("new.shop.example.", SERVERS, [parent], ask(1), "the registrar")
    assert (right["verdict"], right["why"]) == ("proved", "")
    moved = delegated("new.shop.example.", ["ns-9.example."], [parent], ask(1), "the registrar")
    assert f"{parent} answers ns-1.example., ns-2.example.: have the registrar delegate it" in moved["why"]
    none = delegated("nowhere.shop.example.", SERVERS, [parent], ask(1), "the registrar")
    assert f"{parent} answers NXDOMAIN" in none["why"]


def test_the_tests_own_name_server_answers_as_a_real_one_does(serve: Any) -> None:
    """Of a chain of CNAMEs the first link; a resolver asks for the next."""
    found = declared()
    where = serve(lines(found))
    asked = [(name, kind) for name, kind, _ in found.wanted if kind != "TXT" or name == f"{ZONE}."]
    more = ("any.apps", "er", "nowhere", "www", "host.new", "x")
    asked += [*((f"{name}.{ZONE}.", "A") for name in more), (f"any.apps.{ZONE}.", "TXT"), ("other.example.", "A")]
    with NameServer(ZONE, lambda: list(found.wanted.values())) as ours:
        for name, kind in asked:
            theirs, mine = raw(where, name, kind), raw(ours.address, name, kind)
            assert said(theirs) == said(mine), (name, kind)
