"""``python3 -m app``: make the environment if there is none, start the app, open it.

Standard library only, and readable by an old Python: see app/environment.py.
"""

import argparse
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser

from app import environment
from app.environment import ROOT, Trouble

DESCRIPTION = "Glassformer: type a prompt, and see every number that a language model computes on it."
EPILOG = "The first start makes .venv and installs requirements.txt into it. Ctrl-C ends the app."
HOST, PORT = "127.0.0.1", 8501
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # listens on every address; this machine reaches it by this one
START_SECONDS = 120


def main() -> int:
    """Read the command line and run the app until it ends; its exit status."""
    arguments = read_arguments(sys.argv[1:])
    check_port(arguments.host, arguments.port)  # before minutes of installing
    python = environment.prepare(ROOT / "requirements.txt")
    for name in ("allow_paths", "public", "log_prompts"):
        if getattr(arguments, name):
            os.environ[f"GLASSFORMER_{name.upper()}"] = "1"  # read by app/kit/runtime.py and app/kit/limits.py
    if arguments.lessons is not None:
        os.environ["GLASSFORMER_LESSONS"] = os.path.abspath(arguments.lessons)  # read by app/kit/lessons/shelf.py
    return serve(python, arguments.host, arguments.port, arguments.browser and has_screen(), arguments.public)


def read_arguments(words: "list[str]") -> argparse.Namespace:
    """host, port, browser, allow_paths, public, log_prompts and lessons, from the words of the command line."""
    parser = argparse.ArgumentParser(prog="python3 -m app", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument(
        "--port", type=port_number, default=PORT, metavar="N", help=f"port to listen on (default: {PORT})"
    )
    parser.add_argument(
        "--host",
        default=HOST,
        metavar="H",
        help=f"address to listen on (default: {HOST}, this machine only; 0.0.0.0 lets the network in)",
    )
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument(
        "--allow-paths",
        action="store_true",
        help="with --host: let whoever opens the app load models from any path of this machine",
    )
    parser.add_argument(
        "--public",
        action="store_true",
        help="for everybody: no paths, no downloads, bounded prompts, visitors and work; --host says who can reach it",
    )
    parser.add_argument("--log-prompts", action="store_true", help="with --public: write what people type to the log")
    parser.add_argument("--lessons", metavar="FOLDER", help="lessons of your own, listed before those that come along")
    found = parser.parse_args(words)
    if found.lessons is not None and not os.path.isdir(found.lessons):
        parser.error(f"{found.lessons} is no folder: --lessons takes the folder with your lessons' files")
    if found.public and found.allow_paths:
        parser.error("--public forbids paths: leave out --allow-paths")
    if found.log_prompts and not found.public:
        parser.error("--log-prompts goes with --public: nothing else writes a log")
    return found


def port_number(word: str) -> int:
    """A port from the command line."""
    if not (word.isascii() and word.isdigit() and 1 <= int(word) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {word!r}")
    return int(word)


def check_port(host: str, port: int) -> None:
    """Raise `Trouble` where the app could not listen on this address."""
    try:
        try_port(host, port)
    except socket.gaierror as error:
        raise Trouble(
            f"{host} is no address of this machine: leave out --host, or give 0.0.0.0 for all its addresses."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Trouble(
                f"Port {port} is taken, perhaps by another start of this app: "
                f"choose another one, for example python3 -m app --port {free_port(host, port)}"
            ) from error
        if error.errno == errno.EACCES:
            raise Trouble(
                f"Port {port} is kept for the system: choose one from 1024 on, for example python3 -m app --port {PORT}"
            ) from error
        raise Trouble(
            f"The app cannot listen on {host} ({error.strerror}): leave out --host, or give an address of this machine."
        ) from error


def try_port(host: str, port: int) -> None:
    """Listen there for a moment; OSError where that is not possible."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        if os.name != "nt":  # as servers do: connections that have just ended do not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)


def free_port(host: str, taken: int) -> int:
    """The next port after `taken` on which the app could listen."""
    for port in [*range(taken + 1, min(taken + 100, 65536)), *range(PORT, taken)]:
        try:
            try_port(host, port)
        except OSError:
            continue
        return port
    return PORT


def has_screen() -> bool:
    """Whether a browser opened here would be seen; without a screen Python opens one in the terminal."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def serve(python: str, host: str, port: int, browser: bool, public: bool) -> int:
    """Run Streamlit in the environment until it ends; its exit status."""
    command = [python, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")]
    command += [
        "--server.address",
        host,
        "--server.port",
        str(port),
        "--server.headless",
        "true",
        "--logger.hideWelcomeMessage",
        "true",
    ]
    if public:
        # A failure is for the log; a lesson or a training text is small, and so is what a page's widgets hold.
        command += ["--client.showErrorDetails", "none", "--server.maxUploadSize", "2", "--server.maxMessageSize", "50"]
    process = subprocess.Popen(command, cwd=str(ROOT))
    named = EVERYWHERE.get(host, host)
    address = f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"
    threading.Thread(target=announce, args=(process, address, browser), daemon=True).start()
    status = environment.attend(process)
    stopped = status in (0, -signal.SIGINT, -signal.SIGTERM)
    print("Glassformer has stopped." if stopped else "Glassformer ended by an error, which is above.", flush=True)
    return 0 if stopped else 1


def announce(process: subprocess.Popen, address: str, browser: bool) -> None:
    """Say where the app is as soon as it answers, and open it."""
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # a proxy does not know this machine's own addresses
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(f"{address}/_stcore/health", timeout=2):
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    else:
        return  # ended, which the main thread says; or too slow, and then it will still come
    print(f"Glassformer is at {address} (Ctrl-C ends it).", flush=True)
    if browser:
        webbrowser.open(address)


if __name__ == "__main__":
    sys.exit(environment.main(main))
