"""A headless Chromium, spoken to over its pipe (Chrome DevTools Protocol), and nothing more."""

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--remote-debugging-pipe", "--window-size=1400,1000",
)  # fmt: skip

_PATIENCE = 60
"""Seconds of silence after which a browser is given up."""


class Browser:
    """One page. `complaints`: what it wrote to its console, and what it threw."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._last = 0
        self._session = ""
        self._rest = b""
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        self._in, self._out = ours_in, ours_out
        # The protocol's descriptors are 3 and 4, whatever ours are.
        command = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, "-", FOUND, *_FLAGS, f"--user-data-dir={folder}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def close(self) -> None:
        """End the browser."""
        self.ask("Browser.close")
        self._process.wait(30)
        os.close(self._in)
        os.close(self._out)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to `method`."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session and not method.startswith("Browser."):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == self._last:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']}")
                return dict(heard["result"])

    def open(self, file: Path, step: str = "") -> None:
        """Load `file` at the link `step`, and wait until it is there."""
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=file.as_uri() + step)
        # Asked again and again: where scripts are off no promise is ever kept.
        while self.value("document.readyState + location.protocol") != "completefile:":
            time.sleep(0.02)

    def value(self, expression: str) -> Any:
        """What `expression` is in the page."""
        found = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def press(self, key: str, times: int = 1) -> None:
        """Press and release `key`, and let the page paint."""
        for _ in range(times):
            self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(1))))")

    def _hear(self) -> Mapping[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], _PATIENCE)
            data = os.read(self._in, 1 << 16) if ready else b""
            if not data:
                raise RuntimeError("the browser is gone, or says nothing")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(line)
        match heard.get("method"):
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                self.complaints.append(json.dumps(heard["params"]))
            case "Network.requestWillBeSent":
                self.requests.append(heard["params"]["request"]["url"])
        return heard
