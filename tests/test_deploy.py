"""What is written for putting the app online says the same as the app: versions, ports, paths, addresses."""

import json
import re
import shlex
from pathlib import Path

import pytest

from app import __main__ as start
from app.kit.component import ADDRESS
from app.kit.server import STATIC

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "assets" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
WRITTEN = [*DEPLOY.iterdir(), ROOT / ".devcontainer" / "devcontainer.json"]


def command() -> list[str]:
    """What the image runs."""
    return json.loads(re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])


def test_the_image_has_the_torch_of_the_requirements():
    """Guards against two versions, of which pip would install one over the other, with CUDA."""
    pinned = re.search(r"^torch==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert re.search(r"torch==(\S+)", DOCKERFILE)[1] == pinned


def test_the_image_starts_the_public_app_where_its_health_is_asked_for():
    words = command()
    assert words[:3] == ["python", "-m", "app"]
    read = start.read_arguments(words[3:])
    assert read.public and not read.allow_paths and not read.browser and read.host == "0.0.0.0"
    assert f"EXPOSE {read.port}" in DOCKERFILE and f"127.0.0.1:{read.port}/_stcore/health" in DOCKERFILE
    assert f"app_port: {read.port}" in (DEPLOY / "space.md").read_text(encoding="utf-8")


def test_the_image_runs_as_user_1000():
    assert "--uid 1000 user" in DOCKERFILE and DOCKERFILE.index("USER user") < DOCKERFILE.index("\nCMD")


def test_what_the_image_is_made_of_is_there():
    kept = re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert kept and all(list(ROOT.glob(name)) for name in kept)


def test_nginx_leads_to_the_processes_that_its_heading_starts_and_keeps_a_browser_with_one():
    started = {start.read_arguments(shlex.split(line)).port for line in re.findall(r"# +python3 -m app (.*)", NGINX)}
    assert started == set(map(int, re.findall(r"server 127\.0\.0\.1:(\d+);", NGINX))) and len(started) > 1
    assert "hash $visitor" in NGINX and "Set-Cookie" in NGINX and "$http_upgrade" in NGINX
    assert all(
        path.strip("/") in re.search(r"location ~ \^/\((\S+)\)/", NGINX)[1].split("|") for path in (STATIC, ADDRESS)
    )


def test_no_log_of_nginx_holds_a_prompt():
    """Prompts are in the addresses' queries: `$request`, `$args` and the default format would write them."""
    formats = "".join(re.findall(r"log_format[^;]+;", NGINX))
    assert formats and not re.search(r"\$(request|args|query_string|request_uri|http_referer)\b", formats)
    assert re.findall(r"access_log (\S+ ?\S*);", NGINX) == ["/tmp/nginx-log plain"]
    assert re.search(r"error_log \S+ crit;", NGINX)


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_no_host_of_a_registry_is_written_down(file):
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!127\.0\.0\.1|app;)|\b(pypi|ghcr|docker|mcr|pytorch|quay)\.(org|io|com)\b", text)
