"""A headless Chromium, driven over a pipe by its DevTools protocol: open a page, ask it, look at it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
]


def installed() -> str | None:
    """Path of the browser, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """A tab. ``complaints`` has what it wrote to its console as an error, ``requests`` what it asked for."""

    def __init__(self, to_browser: int, from_browser: int):
        self.to_browser, self.from_browser = to_browser, from_browser
        self.rest = b""
        self.last = 0
        self.session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.loaded = False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Have the browser do something."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _next(self, seconds: float = 60) -> dict[str, Any]:
        while b"\0" not in self.rest:
            if not select.select([self.from_browser], [], [], seconds)[0]:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.from_browser, 2**20)
            if not more:
                raise RuntimeError("the browser is gone")
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(line)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, event: str | None, params: dict[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self.loaded = True
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif (event == "Log.entryAdded" and params["entry"]["level"] == "error") or (
            event == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert")
        ):
            self.complaints.append(json.dumps(params))

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file, and wait until it is there with its fonts."""
        self.loaded = False
        self.call("Page.navigate", url=path.as_uri() + fragment)
        deadline = time.monotonic() + 60
        while not self.loaded:
            self._next(max(0.0, deadline - time.monotonic()))
        self.ask("document.fonts.ready.then(() => true)")

    def ask(self, expression: str) -> Any:
        """Value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"]))
        return found["result"].get("value")

    def resize(self, width: int, height: int, mobile: bool = False) -> None:
        """Make it as large as a desktop's or a phone's screen."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)

    def screenshot(self, path: Path) -> None:
        """What can be seen now."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextlib.contextmanager
def page() -> Iterator[Page]:
    """A page in a browser of its own, which ends with it."""
    program = installed()
    assert program is not None, "no Chromium here"
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # The protocol's pipe is on the descriptors 3 and 4.
        shell = f'exec "$0" "$@" 3<&{to_read} 4>&{from_write}'
        command = ["bash", "-c", shell, program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        browser = subprocess.Popen(
            command, pass_fds=(to_read, from_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_read)
        os.close(from_write)
        try:
            tab = Page(to_write, from_read)
            yield tab
            tab.session = None
            tab.call("Browser.close")
            browser.wait(20)
        finally:
            if browser.poll() is None:
                browser.kill()
                browser.wait()
            os.close(to_write)
            os.close(from_read)
