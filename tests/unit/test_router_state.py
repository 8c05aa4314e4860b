from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import threading
from pathlib import Path

from ansible.module_utils.estate.assets.router import compiled, file_state, name_servers, release

ROOT = Path(__file__).parents[2]


def answering(path, answer):
    """A router's own socket that answers one request with these bytes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve():
        connection, _ = listener.accept()
        with listener, connection:
            connection.recv(4096)
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return str(path)


def test_the_release_is_what_the_running_router_says_and_nothing_where_none_answers(tmp_path):
    said = b'{"status":"ok","release":"0123"}'
    answer = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
    assert release(answering(tmp_path / "1", answer % (b"200 OK", len(said), said)), "a.example", "/_health") == "0123"
    assert release(answering(tmp_path / "2", answer % (b"503 No", len(said), said)), "a.example", "/_health") == ""
    assert release(answering(tmp_path / "3", answer % (b"200 OK", 2, b"[]")), "a.example", "/_health") == ""
    assert release(answering(tmp_path / "4", b"no HTTP"), "a.example", "/_health") == ""
    assert release(str(tmp_path / "nobody"), "a.example", "/_health") == ""


def test_a_file_is_told_by_digest_and_mode(tmp_path):
    path = tmp_path / "nginx.conf"
    assert file_state(path) == {}
    path.write_bytes(b"events {}")
    path.chmod(0o640)
    digest = hashlib.sha256(b"events {}").hexdigest()
    assert file_state(path) == {"sha256": digest, "mode": "0640", "written": path.stat().st_mtime}


def test_name_servers_are_those_that_nginx_can_ask(tmp_path):
    path = tmp_path / "resolv.conf"
    assert name_servers(path) == []
    path.write_text("search a.example\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver fe80::1%eth0\n")
    assert name_servers(path) == ["192.0.2.1", "2001:db8::1"]


def test_a_new_host_can_be_asked_although_it_has_nothing_that_reads_yaml():
    program = """
import pathlib, runpy, sys
import ansible.module_utils.basic
ansible.module_utils.__path__.append("module_utils")
sys.modules["yaml"] = None
runpy.run_path("library/dm_router_info.py")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_nginx_that_is_not_there_says_nothing(tmp_path):
    assert compiled(str(tmp_path / "nginx")) == ""
    assert compiled("/bin/false") == ""
