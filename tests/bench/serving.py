"""Servers of the app to measure, one or several behind nginx, and what they take. Linux only: reads /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120


@dataclass(frozen=True)
class Usage:
    """What the servers, and the processes that they started, have taken."""

    nbytes: int  # of the servers, in memory now
    seconds: float  # of the servers' processor time so far
    started: float  # of the processor time of what they started, such as a training


@contextlib.contextmanager
def servers(count: int) -> Iterator[tuple[list[int], list[subprocess.Popen]]]:
    """As many servers of the app, on ports of their own."""
    ports, processes = [], []
    try:
        for _ in range(count):
            port = _free_port()
            command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless", "true"]
            process = subprocess.Popen([*command, "--server.port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
            ports.append(port)
            processes.append(process)
        for port in ports:
            wait_for(f"http://127.0.0.1:{port}")
        yield ports, processes
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
            process.wait()


def wait_for(url: str) -> None:
    """Until the server there says that it is well."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with direct.open(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@contextlib.contextmanager
def behind_nginx(ports: list[int]) -> Iterator[str]:
    """nginx as in assets/deploy, in front of these ports; its address."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        text = (ROOT / "assets" / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        servers_of_it = "\n".join(f"        server 127.0.0.1:{one};" for one in ports)
        start, end = text.index("        server 127.0.0.1:"), text.index("    }", text.index("upstream"))
        text = text[:start] + servers_of_it + "\n" + text[end:]
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/nginx", f"{folder}/nginx")
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(text, encoding="utf-8")
        process = subprocess.Popen(["nginx", "-c", str(configuration), "-g", "daemon off;", "-e", f"{folder}/errors"])
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def usage(pids: list[int]) -> Usage:
    """What these processes have taken, and those that they started."""
    pages = seconds = started = 0.0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        except OSError:  # it has just ended
            continue
        ticks = int(stat[11]) + int(stat[12])
        if int(pid) in pids:
            pages, seconds = pages + int(stat[21]), seconds + ticks
        elif int(stat[1]) in pids:
            started += ticks
    tick = os.sysconf("SC_CLK_TCK")
    return Usage(int(pages * os.sysconf("SC_PAGE_SIZE")), seconds / tick, started / tick)
