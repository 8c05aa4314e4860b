"""The embedded AWS with as many accounts as the command line says, each with a profile of its own."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from local_aws import accounts, serve

NUMBER = int(sys.argv[1])
accounts.ACCOUNTS.update({f"account-{n:03}": (f"9000000{n:05}", f"account-{n:03}") for n in range(1, NUMBER + 1)})
serve.main(Path(sys.argv[2]), die_with_parent=True)
