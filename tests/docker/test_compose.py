"""The full stack's files, checked as far as that goes without a container engine: schema, lint, and the values those do not look at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from config.celery import QUEUES
from config.environment import BASE_DIR, Environment

pytestmark = pytest.mark.once
DOCKER = BASE_DIR / "docker"
COMPOSE = DOCKER / "compose.yaml"
DOCKERFILE = DOCKER / "columna.Dockerfile"
TEXT = COMPOSE.read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ONCE = {"migrate"}
IMAGES = ("web", "worker", "gpu-worker", "receiver", "prompts")


def tool(name: str, *arguments: str) -> None:
    done = subprocess.run([str(Path(sys.executable).parent / name), *arguments], cwd=BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def stages() -> dict[str, str]:
    """Return each build stage of the Dockerfile and its text."""
    parts = re.split(r"^FROM (\S+) AS (\S+)$", DOCKERFILE.read_text(), flags=re.MULTILINE)
    return {name: f"FROM {source}\n{body}" for source, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)}


def pinned(image: str) -> bool:
    """Return whether an image is named with a tag that is a whole version: not `latest`, not `16`."""
    _, _, tag = image.partition(":")
    return bool(re.search(r"\d+\.\d+\.\d+|\d+\.\d+-|RELEASE\.\d{4}-", tag))


def test_compose_fits_the_compose_specification() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE))


def test_compose_is_tidy_yaml() -> None:
    tool("yamllint", "--strict", "--config-file", str(DOCKER / "yamllint.yaml"), str(DOCKER))


def test_the_dockerfile_passes_hadolint() -> None:
    tool("hadolint", str(DOCKERFILE))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_restarts_and_tells_its_health(name: str) -> None:
    service = SERVICES[name]
    if name in ONCE:
        assert service["restart"] == "no"
        return
    assert service["restart"] in {"unless-stopped", "always"}
    check = service["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)
    for time in ("interval", "timeout", "start_period"):
        assert re.fullmatch(r"\d+(ms|s|m)", check.get(time, "1s"))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_what_it_needs_by_its_health(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert needed in SERVICES
        assert how["condition"] == ("service_completed_successfully" if needed in ONCE else "service_healthy")


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned(name: str) -> None:
    assert pinned(SERVICES[name]["image"])


def test_an_unpinned_image_would_be_found() -> None:
    assert not any(pinned(image) for image in ("postgres", "postgres:latest", "postgres:15", "minio/minio:edge"))


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "columna/" in service["image"]])
def test_columnas_own_services_run_with_nothing_they_do_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", SERVICES)
def test_settings_commands_and_queues_exist(name: str) -> None:
    service = SERVICES[name]
    known = {f"COLUMNA_{field.upper()}" for field in Environment.model_fields}
    assert {key for key in service.get("environment", {}) if key.startswith("COLUMNA_")} <= known
    command = service.get("command", [])
    if command[:2] == ["python", "manage.py"]:
        assert command[2] in get_commands()
    if "--queues" in command:
        assert set(command[command.index("--queues") + 1].split(",")) <= set(QUEUES)


def test_every_queue_has_a_worker_with_and_without_a_gpu() -> None:
    for profile in ("cpu", "gpu"):
        running = [service for service in SERVICES.values() if profile in service.get("profiles", [profile])]
        commands = [
            service.get("command") or json.loads(re.findall(r"^CMD (.*)$", stages()["gpu-worker"], re.MULTILINE)[-1]) for service in running
        ]
        queues = {queue for command in commands if "--queues" in command for queue in command[command.index("--queues") + 1].split(",")}
        assert queues == set(QUEUES)


def test_only_web_and_the_listener_are_published_and_web_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"web", "receiver"}
    assert published["web"] == ["127.0.0.1:8000:8000"]
    assert published["receiver"] == ["${DICOM_PUBLISH:-127.0.0.1:11112}:11112"]


def test_every_variable_is_in_the_example_and_no_secret_has_a_default() -> None:
    asked = dict(re.findall(r"\$\{(\w+)(:[-?][^}]*)?\}", TEXT))
    example = dict(line.split("=", 1) for line in (DOCKER / "env.example").read_text().splitlines() if line and not line.startswith("#"))
    assert set(asked) <= set(example)
    for name in asked:
        if name.endswith(("PASSWORD", "SECRET_KEY")):
            assert asked[name].startswith(":?")
            assert example[name] == ""


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_nobody_special_and_tells_its_health(image: str) -> None:
    text = stages()[image]
    assert re.findall(r"^USER (\d+)$", text, re.MULTILINE)[-1] != "0"
    assert "HEALTHCHECK" in text


def test_the_images_share_one_base_with_compiled_bytecode() -> None:
    assert "compileall" in stages()["base"]
    sources = {name: text.splitlines()[0].removeprefix("FROM ") for name, text in stages().items()}
    for image in IMAGES:
        source = image
        while source in sources and source != "base":
            source = sources[source]
        assert source == "base"


def test_every_stage_comes_from_a_pinned_image_or_another_stage() -> None:
    for text in stages().values():
        source = text.splitlines()[0].removeprefix("FROM ")
        assert source in stages() or pinned(source)


def test_what_the_dockerfile_copies_exists_and_is_let_through() -> None:
    let_through = {
        line.removeprefix("!") for line in (DOCKER / "columna.Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE):
        for source in sources.split():
            assert (BASE_DIR / source).exists()
            assert source.split("/")[0] in let_through or source.startswith("requirements")


def test_every_target_compose_builds_is_a_stage() -> None:
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} == set(IMAGES)
