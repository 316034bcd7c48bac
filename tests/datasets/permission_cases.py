"""Who may call the endpoints of datasets."""

from __future__ import annotations

from datasets.models import Version
from tests.datasets.cases import make_case, make_dataset, make_frozen, make_release
from tests.permissions import Case, World


def _dataset(world: World) -> None:
    world.things["dataset"], world.things["maker"] = make_dataset(world.project, cases=1)


def _frozen(world: World) -> None:
    """A frozen version, made by a manager who is not asked: everybody asked may be the second person."""
    _dataset(world)
    world.things["version"] = make_frozen(world.things["dataset"], world.things["maker"])


def _released(world: World) -> None:
    _dataset(world)
    world.things["version"] = make_release(world.things["dataset"], world.things["maker"])


def _another_case(world: World) -> None:
    _dataset(world)
    make_case(world.project, seed=5)


def _version(world: World, rest: str = "") -> str:
    return f"/api/datasets/lumbar/versions/1.0.0{rest}"


def _image(world: World) -> str:
    version: Version = world.things["version"]
    return _version(world, f"/blobs/{version.files.filter(role='image')[0].digest}")


_NEW = {"slug": "another", "name": "Another", "licence": "CC-BY-4.0"}
_ONE = "datasets/{slug}/versions/{number}"

CASES = [
    Case("GET", "signing-key", None, lambda world: "/api/signing-key", outsider="allowed"),
    Case("GET", "datasets", "dataset.view", lambda world: "/api/datasets", prepare=_dataset, denied="empty", outsider="empty"),
    Case("POST", "datasets", "dataset.manage", lambda world: "/api/datasets", body=lambda world: {**_NEW, "project": world.project.slug}),
    Case("GET", "datasets/{slug}", "dataset.view", lambda world: "/api/datasets/lumbar", prepare=_dataset, denied=404),
    Case("GET", "datasets/{slug}/versions", "dataset.view", lambda world: "/api/datasets/lumbar/versions", prepare=_released, denied=404),
    Case(
        "POST",
        "datasets/{slug}/versions",
        "dataset.manage",
        lambda world: "/api/datasets/lumbar/versions",
        body=lambda world: {"kind": "release"},
        prepare=_another_case,
        denied="hidden",
    ),
    Case("GET", _ONE, "dataset.view", _version, prepare=_released, denied=404),
    Case("POST", f"{_ONE}/approve", "dataset.approve", lambda world: _version(world, "/approve"), prepare=_frozen, denied=404),
    Case("POST", f"{_ONE}/reject", "dataset.approve", lambda world: _version(world, "/reject"), prepare=_frozen, denied=404),
    Case("GET", f"{_ONE}/manifest", "dataset.pull", lambda world: _version(world, "/manifest"), prepare=_released, denied="hidden"),
    Case("GET", f"{_ONE}/signature", "dataset.pull", lambda world: _version(world, "/signature"), prepare=_released, denied="hidden"),
    Case("GET", f"{_ONE}/tombstones", "dataset.pull", lambda world: _version(world, "/tombstones"), prepare=_released, denied="hidden"),
    Case("POST", f"{_ONE}/pulls", "dataset.pull", lambda world: _version(world, "/pulls"), prepare=_released, denied="hidden"),
    Case("GET", f"{_ONE}/blobs/{{digest}}", "dataset.pull", _image, prepare=_released, denied="hidden"),
]
