"""The package stands alone: standard library and numpy, and a command after `pip install`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from config.environment import BASE_DIR

CLIENT = BASE_DIR / "client"


def test_nothing_but_the_standard_library_and_numpy_is_imported():
    allowed = {*sys.stdlib_module_names, "numpy", "columna"}
    for path in (CLIENT / "columna").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path.name


def test_pip_installs_the_command(tmp_path: Path):
    source = tmp_path / "client"
    subprocess.run(["cp", "-r", str(CLIENT), str(source)], check=True)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    subprocess.run([*install, str(tmp_path / "site"), str(source)], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    told = subprocess.run([str(tmp_path / "site" / "bin" / "columna"), "--version"], env=environment, capture_output=True, text=True)
    assert told.stdout.startswith("columna 0."), told.stderr
