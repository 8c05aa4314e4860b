"""build.py DIR: certificates and documents of what stands in for S3, and for the site's own server, in these tests."""

import shutil
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[4]
sys.path[:0] = [str(ROOT), str(ROOT / "filter_plugins")]
from tests.support.assets import authority

STAGE = "preview"
KINDS = ("documents", "communications", "submissions", "agreements", "g7-draft-documents")
FRONTEND = "www.preview.marketplace.example"
ROW = b"a row of a document, again and again\n"


def write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def main(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    for name in ("trusted", "untrusted"):
        authority(root / name, ("*.s3.eu-west-1.amazonaws.com", FRONTEND))
    authority(root / "front", (f"assets.{STAGE}.marketplace.example",))  # of the router itself, where it has TLS
    shutil.copy(root / "trusted" / "ca.pem", root / "ca.pem")
    for name in ("s3.py", "s3.service", "load.lua"):
        shutil.copy(Path(__file__).with_name(name), root)
    frontend = yaml.safe_load((ROOT / "credentials.example/vars/common.yml").read_text())["frontend_basic_auth"]
    (root / "password").write_text(f"{frontend['username']}:{frontend['password']}")
    objects = root / "objects"
    for kind in KINDS:
        host = f"digitalmarketplace-{kind}-{STAGE}-{STAGE}.s3.eu-west-1.amazonaws.com"
        write(objects / host / "some-framework" / kind / "small.csv", ROW * 500)
        write(objects / host / "some-framework" / kind / "now-small.csv", ROW)
        write(objects / host / "some-framework" / kind / "data" / "small.csv", ROW * 500)
    write(objects / FRONTEND / "404", b"The site's own page for what is not found.\n")
    write(objects / FRONTEND / "static" / "site.css", b"body { }\n")


main(Path(sys.argv[1]))
