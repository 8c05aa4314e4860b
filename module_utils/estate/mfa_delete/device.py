"""Root's device: its serial and a code for each call, asked for on the terminal when they are due, and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible.module_utils.estate.errors import Refusal, error_code
from ansible.module_utils.estate.plan import Action

TRIES = 3
CODE = re.compile(r"[0-9]{6}")
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_MFADevice.html
SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)


class Device:
    """Calls actions with a code each: AWS takes a code once, and shows a new one every half minute.

    An empty answer ends it: what is left is not tried, and is there for the next run.
    """

    def __init__(self, call: Callable[[Action], Any], ask: Callable[[str], str], say: Callable[[str], None]) -> None:
        self._call, self._ask, self._say = call, ask, say
        self._serial = ""
        self._secrets: list[str] = []
        self._ended = False

    def __call__(self, action: Action) -> Any:
        for left in range(TRIES - 1, -1, -1):
            device = f"{self._one(SERIAL, "Serial number (or ARN) of root's MFA device", known=self._serial)} "
            self._serial = device.strip()
            device += self._one(CODE, f"Code for {action.resource}")
            try:
                return self._call(action._replace(params={**action.params, "MFA": device}))
            except Exception as exc:
                if error_code(exc) != "AccessDenied" or not left:
                    raise
                self._say("AWS refused it: the code was old, or is another device's. Once more:\n")
                self._serial = ""
        raise AssertionError("the last try returns or raises")

    def _one(self, shape: re.Pattern[str], question: str, known: str = "") -> str:
        """An answer of the right shape that was not given before."""
        while not known:
            given = "" if self._ended else self._ask(f"{question} (nothing ends it): ").strip()
            if not given:
                self._ended = True
                raise Refusal("nobody gave a code for it")
            if not shape.fullmatch(given):
                self._say("That is none.\n")
            elif shape is CODE and given in self._secrets:
                self._say("AWS takes each code once: wait for the next one.\n")
            else:
                known = given
                self._secrets.append(given)
        return known

    def hidden(self, said: str) -> str:
        for secret in self._secrets:
            said = said.replace(secret, "…")
        return said
