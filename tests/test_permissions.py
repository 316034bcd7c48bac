"""Every endpoint is in the table of ``tests/permissions.py``, and keeps to it."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from accounts.abilities import ABILITIES
from accounts.models import Role
from tests.factories import make_member, make_project
from tests.permissions import Case, World, cases

METHODS = ("get", "post", "put", "patch", "delete")


def _endpoints(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _endpoints(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith(("api/", "dicomweb/")):
            actions = getattr(pattern.callback, "actions", None)
            view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
            for method in METHODS:
                if method in actions if actions else hasattr(view, method):
                    yield method.upper(), plain(route).removeprefix("api/")


def plain(route: str) -> str:
    """Return a route without its regex: ``projects/{slug}/members``."""
    route = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", route)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")


ENDPOINTS = sorted(set(_endpoints(get_resolver().url_patterns)))
CASES = cases()


def test_every_endpoint_has_a_permission_case():
    declared = {(case.method, _shape(case.route)) for case in CASES}
    missing = [f"Case({method!r}, {route!r}, ...)" for method, route in ENDPOINTS if (method, _shape(route)) not in declared]
    assert not missing, "add to tests/<room>/permission_cases.py:\n" + "\n".join(missing)


def test_no_case_names_an_endpoint_that_is_gone():
    there = {(method, _shape(route)) for method, route in ENDPOINTS}
    assert not [case.name for case in CASES if (case.method, _shape(case.route)) not in there]


def _shape(route: str) -> str:
    """What a parameter is called does not matter."""
    return re.sub(r"\{\w+\}", "{}", route)


@pytest.fixture
def world(db: None) -> World:
    project, other = make_project(), make_project()
    people = {role.value: make_member(role.value, project) for role in Role}
    outsider = make_member(Role.DATA_MANAGER, other)
    for role in set(Role) - {Role.DATA_MANAGER}:
        make_member(role.value, other, outsider)
    return World(project, other, people, outsider)


def _ask(case: Case, world: World, user: Any) -> HttpResponse:
    client = Client()
    world.asking = user
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    body = case.body(world) if case.body else None
    data = json.dumps(body) if case.content_type == "application/json" and body is not None else body or ""
    with transaction.atomic():
        answer = client.generic(case.method, case.url(world), data, content_type=case.content_type)
        if answer.streaming:
            b"".join(answer.streaming_content)  # read to the end: closing it early would close a database connection that is past its age
        transaction.set_rollback(True)
    return answer  # type: ignore[return-value]


def _refused(answer: HttpResponse, refusal: int | str) -> bool:
    if refusal == "empty":
        found = json.loads(answer.content)
        return answer.status_code == 200 and (found == [] or (isinstance(found, dict) and found["count"] == 0))
    return answer.status_code in (403, 404) if refusal == "hidden" else answer.status_code == refusal


def on_columns(case: Case) -> Any:
    """Return a parameter: what is read is asked of both databases, what is refused before it changes anything of one."""
    return pytest.param(case, id=case.name, marks=[] if case.method == "GET" else [pytest.mark.once])


@pytest.mark.parametrize("case", [on_columns(case) for case in CASES])
def test_an_endpoint_keeps_to_its_case(case: Case, world: World):
    if case.prepare:
        case.prepare(world)
    wrong = []
    for role, person in world.people.items():
        answer = _ask(case, world, person)
        allowed = case.ability is None or role in ABILITIES[case.ability]
        good = answer.status_code not in (401, 403, 404) if allowed else _refused(answer, case.denied)
        if not good:
            wrong.append(f"{role}: {answer.status_code}, should be {'allowed' if allowed else case.denied}")
    if case.outsider != "allowed":
        answer = _ask(case, world, world.outsider)
        if not _refused(answer, case.outsider):
            wrong.append(f"outsider: {answer.status_code}, should be {case.outsider}")
    answer = _ask(case, world, None)
    if answer.status_code != 401:
        wrong.append(f"nobody: {answer.status_code}, should be 401")
    assert not wrong, f"{case.name}\n" + "\n".join(wrong)


@pytest.mark.once
@pytest.mark.parametrize(("method", "route"), ENDPOINTS)
def test_nobody_gets_401_whatever_the_address_names(method: str, route: str, db: None):
    answer = Client().generic(method, _some_address(route), "", content_type="application/json")
    assert answer.status_code == 401, "existence of a thing must not show before signing in"
    assert set(answer.json()["error"]) == {"code", "message", "state"}


_SAMPLES = ("00000000-0000-4000-8000-000000000000", "1", "1.0.0", "a" * 64, "x")


def _some_address(route: str) -> str:
    names = re.findall(r"\{\w+\}", route)
    for values in itertools.product(_SAMPLES, repeat=len(names)):
        filled = iter(values)
        address = re.sub(r"\{\w+\}", lambda _: next(filled), route)  # noqa: B023  used at once
        address = f"/{address}" if route.startswith("dicomweb/") else f"/api/{address}"
        with contextlib.suppress(Resolver404):
            resolve(address)
            return address
    raise AssertionError(f"no sample fits {route}; add one that does")
