"""The floors of the house, held by reading every import.

Upper rooms import lower ones, never the other way; inside a room api, tasks and commands stand on services, those on models, those on
pure folders; pure folders know nothing of ours and no Django; rooms take from ``config`` only what is listed here; the client stands alone.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[1]

FLOORS = {"accounts": 0, "jobs": 0, "storage": 1, "annotation": 2, "datasets": 3, "ml_backend": 4}
PURE = ("storage/dicom", "storage/phantom", "annotation/geometry", "ml_backend/learning")
FRAMEWORKS = {"django", "celery", "rest_framework", "allauth", "drf_spectacular", "django_filters"}
RIMS = ("api", "tasks", "receiver", "management")
"""Entry points: what a request, a job, a sender or a person at the terminal reaches first. Only they enqueue."""

FROM_CONFIG = {
    "config.errors": None,
    "config.celery": RIMS,
    "config.pagination": ("api",),
    "config.process": ("management",),
    "config.launch.say": ("management",),
}
"""What a room may take from ``config``, and which of its parts may (None: all)."""

LAYERS = {"models": 0, "services": 1, **dict.fromkeys(RIMS, 2)}
LEARNING = {"torch", "monai"}
CLIENT_MAY = {"numpy", "columna"} | set(sys.stdlib_module_names)
HEAVY = {"numpy", "scipy", "skimage", "PIL", "pydicom", "pynetdicom", "highdicom", "nibabel", "SimpleITK", "imagecodecs", "gdcm"}
HEAVY |= {*LEARNING, "safetensors", "rapidocr", "onnxruntime", "cv2", "minio"}
"""Libraries that a process may import only when it needs them, so that web starts fast and stays small."""


@dataclass(frozen=True)
class Import:
    """One imported module: where, what, whether inside a function, whether only for the type checker."""

    path: str
    line: int
    module: str
    late: bool
    typing_only: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


def imports_of(path: Path, name: str) -> Iterator[Import]:
    tree = ast.parse(path.read_text())
    inside: dict[ast.AST, tuple[bool, bool]] = {tree: (False, False)}
    for parent in ast.walk(tree):
        late, typing_only = inside[parent]
        late = late or isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        guard = isinstance(parent, ast.If) and "TYPE_CHECKING" in ast.unparse(parent.test)
        for child in ast.iter_child_nodes(parent):
            inside[child] = (late, typing_only or guard)
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(name, child.lineno, alias.name, late, typing_only or guard)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{name}:{child.lineno}: imports name their room in full"
                whole = [f"{child.module}.{alias.name}" for alias in child.names]
                known = [module for module in whole if (ROOT / module.replace(".", "/")).with_suffix(".py").exists()]
                for module in known or [child.module or ""]:
                    yield Import(name, child.lineno, module, late, typing_only or guard)


def imports(folder: str) -> list[Import]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if "/migrations/" not in name and "/node_modules/" not in name:
            found += list(imports_of(path, name))
    return found


def top(module: str) -> str:
    return module.split(".")[0]


def part(path: str) -> str:
    """Return which part of its room a file is: ``storage/services/blob.py`` → ``services``, ``storage/tasks.py`` → ``tasks``."""
    return path.split("/")[1].removesuffix(".py")


def within(module: str, folder: str) -> bool:
    return module == folder.replace("/", ".") or module.startswith(folder.replace("/", ".") + ".")


def is_pure(path: str) -> bool:
    return path.startswith(tuple(f"{folder}/" for folder in PURE))


def told(wrong: list[Import]) -> str:
    return "\n".join(map(str, wrong))


@pytest.mark.parametrize("room", FLOORS)
def test_no_room_imports_a_room_above_it(room: str) -> None:
    wrong = [found for found in imports(room) if FLOORS.get(top(found.module), 0) > FLOORS[room]]
    wrong += [found for found in imports(room) if room == "accounts" and top(found.module) == "jobs"]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_takes_from_config_only_what_is_listed(room: str) -> None:
    def allowed(found: Import) -> bool:
        parts = FROM_CONFIG.get(found.module, ())
        return parts is None or part(found.path) in parts

    wrong = [found for found in imports(room) if top(found.module) == "config" and not allowed(found) and not found.typing_only]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("room", FLOORS)
def test_a_part_imports_no_part_above_it(room: str) -> None:
    wrong = []
    for found in imports(room):
        below, above = LAYERS.get(part(found.path)), LAYERS.get(part(found.module.replace(".", "/") + "/"))
        if top(found.module) == room and below is not None and above is not None and above > below and not found.typing_only:
            wrong.append(found)
    assert not wrong, told(wrong)


@pytest.mark.parametrize("folder", PURE)
def test_a_pure_folder_knows_no_framework_and_nothing_of_ours_but_itself(folder: str) -> None:
    ours = {*FLOORS, "config", "columna", "tests"}
    wrong = [
        found
        for found in imports(folder)
        if top(found.module) in FRAMEWORKS or (top(found.module) in ours and not within(found.module, folder))
    ]
    assert not wrong, told(wrong)


def test_only_learning_imports_torch_at_the_top() -> None:
    everything = [found for room in (*FLOORS, "config") for found in imports(room)]
    outside = [found for found in everything if top(found.module) in LEARNING and not found.path.startswith("ml_backend/learning/")]
    wrong = [found for found in outside if not found.late and not found.typing_only]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("room", FLOORS)
def test_an_import_stands_at_the_top_unless_it_is_heavy(room: str) -> None:
    """Late imports are for heavy libraries and what stands on them, for jobs and commands, and for two models that name each other."""

    def allowed(found: Import) -> bool:
        if part(found.path) in ("tasks", "management") or top(found.module) in HEAVY:
            return True
        if is_pure(found.module.replace(".", "/") + "/") or top(found.module) == room == "ml_backend":
            return True
        models = part(found.path) == "models" and within(found.module, f"{room}/models")
        return models or found.path in ("accounts/abilities.py", "storage/object_store.py")

    wrong = [found for found in imports(room) if found.late and not allowed(found)]
    assert not wrong, told(wrong)


def test_the_client_needs_nothing_of_ours_but_numpy() -> None:
    files = [found for found in imports("client") if not found.path.startswith("client/tests/")]
    wrong = [found for found in files if top(found.module) not in CLIENT_MAY]
    assert not wrong, told(wrong)


def test_the_launcher_needs_only_the_standard_library() -> None:
    wrong = [found for found in imports("config/launch") if top(found.module) not in {*sys.stdlib_module_names, "config"}]
    wrong += [found for found in imports("config/launch") if top(found.module) == "config" and not within(found.module, "config/launch")]
    assert not wrong, told(wrong)


def test_web_does_not_load_torch(tmp_path: Path) -> None:
    script = (
        "import django, sys; django.setup(); import config.urls, config.wsgi; "
        "from config.celery import load_tasks; load_tasks(); "
        "print(sorted({'torch', 'monai', 'SimpleITK', 'skimage', 'rapidocr', 'cv2'} & set(sys.modules)))"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "COLUMNA_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
