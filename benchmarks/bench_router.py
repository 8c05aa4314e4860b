"""The assets router beside the original design: one nginx worker each, in front of the same TLS upstream on loopback.

    python benchmarks/bench_router.py [--rounds 3] [--seconds 5] [--downloads 1000]

Prints a table, writes build/bench_router.json, and fails where a promise is not kept: at least 19 times the peer's
requests uncached and 50 times cached, with the 99th percentile of latency below the peer's median. It also
shows how near a cached answer is to what nginx can do at most, a bare `return 200` of the same size, and opens many
downloads of 100 MB that are read slowly, and shows what memory and disk of the worker they take.

A machine wavers, and more from minute to minute than from second to second. So the sides take turns, a second each and
every other time in the opposite order; "times" is the median of what each turn says of two sides. And it compares the
processor time that the kernel has counted for a request (/proc/PID/schedstat), which other processes can slow down but
not take for theirs. The worker is all but always busy (the column says how much), so its requests per second say the
same on a machine that does nothing else.

The router is what the role assets_router renders and starts, with its limits on requests and connections of one
address unset, since all of the load comes from one. "Uncached" asks S3 for each request and stores nothing
(assets_router_cache_digits: 0), as the peer does, and both are asked for the same document by the same load; "stored"
asks for another document each time, which is written to the cache; "cached" is one document, with the bound on
withdrawn documents in force (assets_router_cache_seconds). The peer's configuration is benchmarks/router/peer.conf.
Like S3's, the upstream's certificate has an RSA key of 2048 bits and comes with those of the authorities between it
and the root, here two.

The worker under test has a processor of its own; the load and the upstream share the others. Else the kernel, which
likes to run what is woken beside what woke it, has all three of a fast router on one processor, and the peer's on two.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import resource
import shutil
import socket
import statistics
import string
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks.noted import note
from tests.support.assets import DOMAIN, KINDS, NGINX, URLS, authority, free_port, name_server

HERE = ROOT / "benchmarks" / "router"
LOCAL_ROUTER = ROOT / "roles" / "assets_router" / "files" / "local_router.py"
DOCUMENT = "/g-cloud-9/documents/object.csv"
SIZE, BIG = 20_000, 100_000_000
PEER, UNCACHED, STORED, CACHED, BARE = "original design", "uncached", "stored", "cached", "bare return 200"
UNITS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


class Load(NamedTuple):
    per_second: float
    median: float  # milliseconds
    slowest: float  # milliseconds, 99th percentile
    cpu: float  # microseconds of the worker for each request
    connections: float  # new upstream connections for each request
    busy: float  # which part of the time the worker had a processor


class Server(NamedTuple):
    port: int
    worker: int


def worker_of(pid_file: Path) -> int:
    """nginx's one worker; the master may just have started, and a cache loader goes away by itself."""
    master = pid_file.read_text().strip()
    for child in Path(f"/proc/{master}/task/{master}/children").read_text().split():
        if b"worker process" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise RuntimeError(f"{pid_file} has no worker")


def cpu(worker: int) -> float:
    """Seconds of processor time since it started, to the nanosecond."""
    return int(Path(f"/proc/{worker}/schedstat").read_text().split()[0]) / 1e9


def memory(worker: int) -> tuple[float, float]:
    """(RSS, PSS) in MB."""
    text = Path(f"/proc/{worker}/smaps_rollup").read_text()
    rss, pss = (int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) / 1024 for name in ("Rss", "Pss"))
    return rss, pss


def disk(worker: int, directory: Path) -> float:
    """MB of blocks under it, and of the nameless temporary files that the worker holds open."""
    blocks = sum(file.lstat().st_blocks for file in directory.rglob("*") if file.is_file())
    for descriptor in Path(f"/proc/{worker}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if str(descriptor.readlink()).startswith(str(directory)) and descriptor.stat().st_nlink == 0:
                blocks += descriptor.stat().st_blocks
    return blocks * 512 / 1e6


class Bench:
    """An upstream, the peer and two routers in front of it, from __enter__ on, until the end of the with."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.asked = 0
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Bench:
        try:
            self._start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def _start(self) -> None:
        own, *others = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, others or [own])  # and all that it starts from now on
        files = authority(
            self.directory / "certificates",
            new_key=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
            intermediates=2,
        )
        (self.directory / "object.csv").write_bytes(os.urandom(SIZE))
        os.truncate(os.open(self.directory / "big.bin", os.O_CREAT | os.O_WRONLY), BIG)
        (self.directory / "temp").mkdir()
        resolver = self.stack.enter_context(name_server(["127.0.0.1"]))
        self.words = {
            "directory": str(self.directory), "certificate": str(files.certificate), "key": str(files.key),
            "upstream_port": free_port(), "peer_port": free_port(), "status_port": free_port(),
            "bare_port": free_port(),
            "resolver_port": resolver.getsockname()[1], "domain": DOMAIN,
            "bucket_host": URLS["documents_s3_url"].removeprefix("https://"),
        }  # fmt: skip
        self.words |= {"bare_piece": "x" * 4000, "bare_body": "$piece" * (SIZE // 4000)}
        for name in ("upstream", "peer", "bare"):
            self._nginx(name)
        self.servers = {
            PEER: Server(self.words["peer_port"], worker_of(self.directory / "peer.pid")),
            UNCACHED: self._router("uncached", files.ca, assets_router_cache_digits=0),
            CACHED: self._router("cached", files.ca),
            BARE: Server(self.words["bare_port"], worker_of(self.directory / "bare.pid")),
        }
        for server in self.servers.values():
            os.sched_setaffinity(server.worker, [own])
        self.servers[STORED] = self.servers[CACHED]

    def _nginx(self, name: str) -> None:
        config = self.directory / f"{name}.conf"
        config.write_text(string.Template((HERE / f"{name}.conf").read_text()).substitute(self.words))
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        process = subprocess.Popen([str(NGINX), "-c", str(config), "-g", f"daemon off; user {user};"])
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)
        while not (self.directory / f"{name}.pid").exists() or not (self.directory / f"{name}.pid").read_text():
            if process.poll() is not None:
                sys.exit(f"{name}: nginx did not start; see above")
            time.sleep(0.02)
        time.sleep(0.2)  # for its worker

    def _router(self, name: str, ca: Path, **changes: Any) -> Server:
        """The role's own nginx, by the role's own playbook."""
        directory, port = self.directory / name, free_port()
        given = {
            **changes, "directory": str(directory), "port": port, "ca": str(ca), "nginx": NGINX, "kinds": KINDS,
            "urls": URLS, "domain": DOMAIN, "upstream_port": self.words["upstream_port"],
        }  # fmt: skip
        self.stack.callback(subprocess.run, [sys.executable, LOCAL_ROUTER, "stop", directory], capture_output=True)
        done = subprocess.run(
            [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", HERE / "own_router.yml",
             "-e", json.dumps(given)],
            cwd=ROOT, env={**os.environ, "DM_PLAN_FILE": str(directory) + "-plan.json"}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"assets_router: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return Server(port, worker_of(directory / "nginx.pid"))

    def upstream_connections(self) -> int:
        """How many the upstream has accepted, without those that ask for it."""
        self.asked += 1
        with urllib.request.urlopen(f"http://127.0.0.1:{self.words['status_port']}/") as answer:
            return int(answer.read().split(b"\n")[2].split()[0]) - self.asked

    def load(self, what: str, seconds: int) -> Load:
        server, url = self.servers[what], f"http://127.0.0.1:{self.servers[what].port}{DOCUMENT}"
        command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", "-H", f"Host: {DOMAIN}"]
        if what == STORED:
            command += ["-s", str(HERE / "distinct.lua"), url, "--", f"/g-cloud-9/documents/{time.monotonic_ns()}-"]
        else:
            command += [url]
        worked, connected, began = cpu(server.worker), self.upstream_connections(), time.monotonic()
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lasted, worked = time.monotonic() - began, cpu(server.worker) - worked
        connected = self.upstream_connections() - connected
        try:
            requests, per_second, median, slowest = told(said)
        except ValueError as exc:
            sys.exit(f"{what}: {exc}: {said}")
        return Load(per_second, median, slowest, worked / requests * 1e6, connected / requests, worked / lasted)


def told(said: str) -> tuple[int, float, float, float]:
    """(requests, requests per second, median and 99th percentile in milliseconds) of what wrk says.

    Raises ValueError where it measured nothing, or something else than answers.
    """
    if wrong := re.search("Non-2xx|Socket errors", said):
        raise ValueError(wrong[0])
    numbers = [re.search(pattern, said) for pattern in (r"(\d+) requests in", r"Requests/sec:\s+([\d.]+)")]
    latencies = [re.search(rf"^ +{percent}%\s+([\d.]+)(us|ms|s|m|h) *$", said, re.M) for percent in (50, 99)]
    if not all(numbers + latencies) or not int(numbers[0][1]):
        raise ValueError("wrk measured nothing")
    return int(numbers[0][1]), float(numbers[1][1]), *(float(one[1]) * UNITS[one[2]] for one in latencies)


def times(turns: list[dict[str, Load]], what: str, than: str) -> float:
    """How many times less processor time a request of one side takes than one of the other in the same turn."""
    return statistics.median(turn[than].cpu / turn[what].cpu for turn in turns if what in turn)


@contextlib.contextmanager
def slow_readers(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Downloads of their own document each, with small windows, as from a slow line."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 512)), hard))
    readers: list[socket.socket] = []
    try:
        while len(readers) < count:
            batch = [socket.socket() for _ in range(min(50, count - len(readers)))]
            readers += batch
            for number, reader in enumerate(batch, len(readers) - len(batch)):
                reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
                reader.settimeout(60)
                reader.connect(("127.0.0.1", port))
                head = f"GET /g-cloud-9/documents/big/{number}.bin HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n"
                reader.sendall(head.encode())
            for reader in batch:
                if not (piece := reader.recv(4096)).startswith(b"HTTP/1.1 200 "):
                    sys.exit(f"a download did not begin: {piece[:200]!r}")
        yield readers
    finally:
        for reader in readers:
            reader.close()


def watch_downloads(bench: Bench, count: int) -> dict[str, float]:
    """The worker's memory and disk at their most, while every download is open and read from again and again."""
    server, directory = bench.servers[CACHED], bench.directory / "cached"
    (idle_rss, idle_pss), stored = memory(server.worker), disk(server.worker, directory)
    most = (0.0, 0.0, 0.0)
    with slow_readers(server.port, count) as readers:
        for _ in range(5):
            if not all(reader.recv(65536) for reader in readers):
                sys.exit("a download broke off")
            most = tuple(map(max, most, (*memory(server.worker), disk(server.worker, directory) - stored)))
    return {
        "idle_rss_mb": idle_rss, "idle_pss_mb": idle_pss, "rss_mb": most[0], "pss_mb": most[1], "disk_mb": most[2],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of load on each side in each round")
    parser.add_argument("--downloads", type=int, default=1000)
    words = parser.parse_args()
    if not NGINX or not shutil.which("wrk"):
        sys.exit("nginx and wrk are needed; on Debian or Ubuntu, sudo apt-get install nginx wrk")
    broken = []
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder)) as bench:
        sides = [PEER, UNCACHED, STORED, CACHED, BARE]
        turns: list[dict[str, Load]] = []
        for what in (UNCACHED, CACHED):
            bench.load(what, 1)  # connections are there, the document is cached
        downloads = watch_downloads(bench, words.downloads)
        for number in range(words.rounds * words.seconds):
            now = [what for what in sides if what != STORED or number % words.seconds == 0]
            turns.append({what: bench.load(what, 1) for what in (now if number % 2 else reversed(now))})
        result = {
            what: Load(
                *(statistics.median(column) for column in zip(*(t[what] for t in turns if what in t), strict=True))
            )
            for what in sides
        }
        peer = result[PEER]
        print(f"one worker, 32 connections, {SIZE // 1000} kB, median of {len(turns)} turns of a second each")
        print(f"{'':16}  requests/s   times  median ms  99th ms  worker us/request  busy  upstream connections/request")
        for what, load in result.items():
            print(
                f"{what:16}  {load.per_second:10.0f}  {times(turns, what, PEER):6.1f}  {load.median:9.2f}"
                f"  {load.slowest:7.2f}  {load.cpu:17.1f}  {load.busy:4.2f}  {load.connections:28.3f}"
            )
            if what != PEER:
                beside = f"the original design, {peer.per_second:.0f}/s"
                note(
                    f"router: {what}",
                    f"{load.per_second:.0f}/s",
                    beside=beside,
                    times=times(turns, what, PEER),
                )
        if peer.connections < 0.99:
            broken.append("the peer does not make a connection for each request, as the original design does")
        print(f"a cached answer is {times(turns, CACHED, BARE):.2f} of nginx' bare return 200")
        for what, least in ((UNCACHED, 19), (CACHED, 50)):
            if times(turns, what, PEER) < least:
                broken.append(f"{what} it is not {least} times as fast as the original design")
            if result[what].slowest >= peer.median:
                broken.append(f"{what} the 99th percentile is not below the original design's median")
        print(
            f"{words.downloads} open downloads of {BIG // 1_000_000} MB, read slowly: the worker takes "
            f"{downloads['rss_mb']:.0f} MB RSS and {downloads['pss_mb']:.0f} MB PSS (without them "
            f"{downloads['idle_rss_mb']:.0f} and {downloads['idle_pss_mb']:.0f}), "
            f"and {downloads['disk_mb']:.1f} MB of disk"
        )
        note(f"router: {words.downloads} open downloads", "", memory_mb=downloads["rss_mb"])
        if downloads["disk_mb"] > 1:
            broken.append("open downloads take disk")
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    stored = {**{what: load._asdict() for what, load in result.items()}, "downloads": downloads}
    (build / "bench_router.json").write_text(json.dumps(stored, indent=2) + "\n")
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
