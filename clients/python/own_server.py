# A Trunkline of a test's own, which it may kill and start again.
"""The binary is the one that `cargo xtask clients` tests; where the tests run against an endpoint, there is none."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import boto3

BINARY = os.environ.get("TRUNKLINE_BIN")


def free_port():
    """One that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class OwnServer:
    """A server on a port and a data folder that stay the same when it is killed."""

    def __init__(self, *arguments):
        self.endpoint = f"http://127.0.0.1:{free_port()}"
        self.folder = tempfile.mkdtemp(prefix="own-")
        self.command = [BINARY, "serve", "--data-dir", self.folder, "--listen", self.endpoint.removeprefix("http://")]
        self.command += arguments
        self.process = None
        self.start()

    def start(self):
        """Starts it and waits for its first answer."""
        log = open(os.path.join(self.folder, "log"), "ab")
        with log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.endpoint}/health", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None and time.monotonic() < deadline, self.log()
                time.sleep(0.05)

    def kill(self):
        """SIGKILL: nothing is tidied up."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """Kills it, and takes its folder away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        """What it has printed."""
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            return log.read()

    def client(self, service):
        """A plain client of it."""
        return boto3.client(service, endpoint_url=self.endpoint)

    def ask(self, *words):
        """What a command of the binary prints of it."""
        command = [BINARY, *words, "--endpoint", self.endpoint]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
