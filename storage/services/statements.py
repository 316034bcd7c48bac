"""Plain statements for what happens once an image: at intake the ORM would take longer to word a statement than the database to run it.

Names are names of fields, values are what the fields take; a statement is worded once and kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

_ROWS = 32
"""Rows written by one statement: SQLite before 3.32 takes 999 values."""


def columns_add(
    *, model: type[models.Model], where: Mapping[str, Any], added: Mapping[str, int], stamps: Mapping[str, Any] | None = None
) -> int:
    """Add numbers to the columns of the rows that have the values ``where``, set ``stamps``, and return how many rows there were.

    Zeros are left out; with nothing to add nor to set, nothing is asked and 0 is returned.
    """
    added = {name: number for name, number in added.items() if number}
    stamps = stamps or {}
    if not added and not stamps:
        return 0
    values = [*added.values(), *(_prepared(model, name, value) for name, value in stamps.items())]
    values += [_prepared(model, name, value) for name, value in where.items()]
    with connection.cursor() as cursor:
        cursor.execute(_update(model, tuple(added), tuple(stamps), tuple(where), connection.vendor), values)
        return int(cursor.rowcount)


def row_find(*, model: type[models.Model], where: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any] | None:
    """Return the named fields of a row that has the values ``where``, or None when there is none."""
    statement, columns = _select(model, tuple(fields), tuple(where), connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(statement, [_prepared(model, name, value) for name, value in where.items()])
        row = cursor.fetchone()
    if row is None:
        return None
    return {name: _read(value, column) for name, value, column in zip(fields, row, columns, strict=True)}


def rows_add(*, model: type[models.Model], rows: Sequence[models.Model], ignore_conflicts: bool = False) -> None:
    """Insert rows that have their keys already. With ``ignore_conflicts`` those that are there stay as they are."""
    fields = model._meta.concrete_fields
    for first in range(0, len(rows), _ROWS):
        some = rows[first : first + _ROWS]
        values = [_saved(row, field) for row in some for field in fields]
        with connection.cursor() as cursor:
            cursor.execute(_insert(model, len(some), ignore_conflicts, connection.vendor), values)


def _saved(row: models.Model, field: Any) -> Any:
    """Return a field's value as the database takes it; plain text and numbers it takes as they are."""
    value = row.__dict__.get(field.attname)
    if (type(value) is str or type(value) is int) and _is_plain(field):
        return value
    return field.get_db_prep_save(field.pre_save(row, True), connection)


@lru_cache(maxsize=256)
def _is_plain(field: Any) -> bool:
    while field.remote_field is not None:
        field = field.target_field
    return type(field) in (models.CharField, models.PositiveIntegerField, models.BigIntegerField)


@lru_cache(maxsize=256)
def _update(model: type[models.Model], added: tuple[str, ...], stamps: tuple[str, ...], where: tuple[str, ...], vendor: str) -> str:
    changes = [f"{_column(model, name)} = {_column(model, name)} + %s" for name in added]
    changes += [f"{_column(model, name)} = %s" for name in stamps]
    return f"UPDATE {_table(model)} SET {', '.join(changes)} WHERE {_condition(model, where)}"  # noqa: S608  names of fields only


@lru_cache(maxsize=256)
def _select(model: type[models.Model], fields: tuple[str, ...], where: tuple[str, ...], vendor: str) -> tuple[str, list[Any]]:
    columns = [_field(model, name).cached_col for name in fields]
    names = ", ".join(_column(model, name) for name in fields)
    return f"SELECT {names} FROM {_table(model)} WHERE {_condition(model, where)} LIMIT 1", columns  # noqa: S608  names of fields only


@lru_cache(maxsize=256)
def _insert(model: type[models.Model], count: int, ignore_conflicts: bool, vendor: str) -> str:
    fields = model._meta.concrete_fields
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = f"({', '.join(['%s'] * len(fields))})"
    suffix = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return f"INSERT INTO {_table(model)} ({names}) VALUES {', '.join([places] * count)}{suffix}"  # noqa: S608  names of fields only


def _condition(model: type[models.Model], where: tuple[str, ...]) -> str:
    return " AND ".join(f"{_column(model, name)} = %s" for name in where)


def _table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _column(model: type[models.Model], name: str) -> str:
    return str(connection.ops.quote_name(_field(model, name).column))


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _prepared(model: type[models.Model], name: str, value: Any) -> Any:
    return _field(model, name).get_db_prep_value(value, connection)


def _read(value: Any, column: Any) -> Any:
    """Turn a value of the database into one of the field, as the ORM does it."""
    for convert in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
        value = convert(value, column, connection)
    return value
