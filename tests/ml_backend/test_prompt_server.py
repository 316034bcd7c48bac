"""Prompts through web to the process of their own and back: a patch, a refusal, or the word that it is away."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.db import connections

from accounts.models import Project
from annotation.models import Case, Protocol
from ml_backend.services.prompt_server import PromptServer
from ml_backend.services.prompt_session import Sessions
from tests.factories import make_member, make_project
from tests.ml_backend.cases import make_phantom_case, phantom

pytestmark = pytest.mark.django_db(transaction=True)
L3 = 22


class SharedServer(PromptServer):
    """The real server: on SQLite, whose test database lives in memory, on the test's own connection; else on its own, closed after use."""

    shared: Any = None

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        if self.shared is not None:
            connections["default"] = self.shared
        try:
            super().process_request_thread(request, client_address)
        finally:
            if self.shared is None:
                connections.close_all()


@pytest.fixture
def port(settings, transactional_db: None) -> Iterator[int]:
    own = connections["default"]
    server = SharedServer(("127.0.0.1", 0), Sessions())
    if own.vendor == "sqlite":
        own.inc_thread_sharing()
        server.shared = own
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"prompts_port": server.server_address[1]})
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()
    if own.vendor == "sqlite":
        own.dec_thread_sharing()


@pytest.fixture
def project(client) -> Project:
    found = make_project()
    client.force_login(make_member("radiologist", found), backend="django.contrib.auth.backends.ModelBackend")
    return found


def begin(client, case: Case, structure: str = "L3") -> Any:
    body = {"stack": str(case.stacks.get().pk), "structure": structure}
    return client.post("/api/prompts/sessions", body, content_type="application/json")


def click(client, session: str, **prompt: Any) -> Any:
    return client.post(f"/api/prompts/sessions/{session}/points", prompt, content_type="application/json")


def inside_l3() -> list[int]:
    where = np.argwhere(phantom(1).anatomy.instances[4] == L3)
    body = where[where[:, 1] < np.percentile(where[:, 1], 60)]
    return [4, *(int(x) for x in np.median(body, axis=0))]


def test_a_click_comes_back_as_a_patch_round_it(client, project: Project, port: int) -> None:
    case = make_phantom_case(project, seed=1)
    session = begin(client, case)
    assert session.status_code == 201, session.content
    point = inside_l3()
    answer = click(client, session.json()["id"], points=[point])
    assert answer.status_code == 200, answer.content
    patch = answer.json()
    bits = np.unpackbits(np.frombuffer(base64.b64decode(patch["bits"]), np.uint8))
    mask = bits[: np.prod(patch["shape"])].reshape(patch["shape"]).astype(bool)
    assert mask.sum() == patch["voxels"] > 50
    assert mask[tuple(p - s for p, s in zip(point, patch["start"], strict=True))]
    assert mask.size < 0.5 * phantom(1).pixels.size


def test_a_session_is_its_openers_alone(client, project: Project, port: int) -> None:
    session = begin(client, make_phantom_case(project)).json()["id"]
    client.force_login(make_member("radiologist", project), backend="django.contrib.auth.backends.ModelBackend")
    assert click(client, session, points=[[4, 50, 30]]).status_code == 404
    assert click(client, "made-up", points=[[4, 50, 30]]).status_code == 404


def test_a_point_outside_is_refused_and_forgotten(client, project: Project, port: int) -> None:
    session = begin(client, make_phantom_case(project)).json()["id"]
    assert click(client, session, points=[[4, 5000, 30]]).status_code == 400
    assert click(client, session, points=[inside_l3()]).status_code == 200


@pytest.mark.parametrize(("fold", "mode", "code"), [("sealed", "ai_first", "sealed"), ("train", "ai_hidden", "ai_hidden")])
def test_no_model_helps_where_it_must_not(client, project: Project, fold: str, mode: str, code: str) -> None:
    case = make_phantom_case(project, fold=fold)
    Protocol.objects.update(reading_mode=mode)
    answer = begin(client, case)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == code


def test_without_the_process_the_reader_is_told_to_draw(client, project: Project, settings) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"prompts_port": 9})
    answer = begin(client, make_phantom_case(project))
    assert answer.status_code == 503
    assert "brush" in answer.json()["error"]["message"]


def test_the_process_answers_web_alone(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/health")
    health = connection.getresponse()
    assert health.status == 200
    assert json.loads(health.read())["status"] == "ok"
    connection.request("POST", "/sessions", json.dumps({"stack": "x"}), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 403
    connection.close()
