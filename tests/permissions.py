"""Who may call which endpoint: the one table, held against the URLconf by ``tests/test_permissions.py``.

Every endpoint under ``/api/`` and ``/dicomweb/`` needs a :class:`Case`; the test names the ones that lack it. Put a room's cases in
``tests/<room>/permission_cases.py`` as ``CASES: list[Case]``; nothing else has to be registered. For each case the test asks,
as every role of the project in turn, as somebody with every role in *another* project, and as nobody:

- a role that has ``ability`` gets an answer that is not 401, 403 or 404 (``ability=None``: every signed-in person);
- a role that has not gets ``denied`` (403, 404, ``"empty"`` for a list that then holds nothing, or ``"hidden"``: 404 for roles
  that may not know of the thing, 403 for those that may see it but not do this);
- the outsider gets ``outsider`` (404, 403, ``"empty"``, or ``"allowed"`` where it is about the caller alone);
- nobody gets 401.

``route`` is the route without ``/api/`` (with ``dicomweb/``), parameters in braces: the failing test prints it ready to paste. ``url`` gives the
concrete address for a :class:`World` (make there, or in ``prepare``, what the address needs); ``body`` is what is sent.
Each call runs in a savepoint that is rolled back, so calls that change things do not meet each other.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from accounts.models import Project, User

ROOMS = ("accounts", "jobs", "config", "storage", "annotation", "datasets", "ml_backend")
Refusal = Literal[403, 404, "empty", "hidden"]
Outsider = Literal[403, 404, "empty", "allowed"]


@dataclass
class World:
    """A project with one person per role, an outsider, who is asking now, and what ``prepare`` put into ``things``."""

    project: Project
    other_project: Project
    people: dict[str, User]
    outsider: User
    things: dict[str, Any] = field(default_factory=dict)
    asking: User | None = None


@dataclass(frozen=True)
class Case:
    """One method of one endpoint, and who may call it."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    route: str
    ability: str | None
    url: Callable[[World], str]
    body: Callable[[World], Any] | None = None
    prepare: Callable[[World], None] | None = None
    denied: Refusal = 403
    outsider: Outsider = 404
    content_type: str = "application/json"

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"


def cases() -> list[Case]:
    """Return every room's cases."""
    found: list[Case] = []
    for room in ROOMS:
        name = f"tests.{room}.permission_cases"
        try:
            known = importlib.util.find_spec(name) is not None
        except ModuleNotFoundError:
            known = False
        if known:
            found += importlib.import_module(name).CASES
    return found
