"""Tables that refuse DELETE, in tests that need real transactions.

``transaction=True`` and ``live_server`` tests end with Django emptying every table, which append-only tables refuse. A guard is a
migration module with ``install(apps, schema_editor)`` and ``remove(apps, schema_editor)``; add a room's to ``GUARDS``. The guards are
lifted for the emptying alone, so every test, these included, runs with them in place.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import TransactionTestCase

GUARDS = ["accounts.migrations.0002_audit_append_only", "annotation.migrations.0002_immutable", "datasets.migrations.0002_frozen"]


class _Editor:
    """As much of a schema editor as guards use; unlike Django's for SQLite it also works inside a transaction."""

    connection = connection

    @staticmethod
    def execute(statement: str, params: None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)


@contextmanager
def guards_lifted() -> Iterator[None]:
    """Take the triggers away, and put them back afterwards."""
    modules = [importlib.import_module(name) for name in GUARDS]
    for module in modules:
        module.remove(apps, _Editor)
    try:
        yield
    finally:
        for module in modules:
            module.install(apps, _Editor)


def lift_guards_when_emptying() -> None:
    """Make Django's own emptying of the tables lift the guards. Called once, by ``conftest.py``."""
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(self: Any) -> None:
        with guards_lifted():
            empty(self)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]
