"""Who may call the endpoints of storage."""

from __future__ import annotations

import numpy as np

from storage.models import IdentityRequest, QuarantineItem, StackRegion
from storage.services.frames import stack_render
from storage.services.import_batch import batch_open
from storage.services.source import source_for
from tests.permissions import Case, World
from tests.storage.stacks import make_stack


def _stack(world: World) -> None:
    stack = make_stack([np.zeros((8, 8), np.int16)], project=world.project, kind="single")
    stack_render(stack=stack)
    world.things["stack"] = stack


def _intake(world: World) -> None:
    source = source_for(project=world.project, kind="upload")
    world.things["source"] = source
    world.things["batch"] = batch_open(project=world.project, source=source)
    world.things["held"] = QuarantineItem.objects.create(
        project=world.project, source=source, reason="malformed", message="-", source_key="0" * 64, size=1, key_id="1"
    )


def _of_stack(route: str, path: str) -> Case:
    return Case("GET", route, "image.view", lambda world: f"/api/stacks/{world.things['stack'].pk}{path}", prepare=_stack, denied=404)


def _region(world: World) -> None:
    _stack(world)
    stack = world.things["stack"]
    StackRegion.objects.create(stack=stack, digest=stack.manifest_digest, rows=[0, 4], columns=[0, 4], source="body")


def _region_path(world: World) -> str:
    return f"/api/stacks/{world.things['stack'].pk}/regions/{world.things['stack'].manifest_digest}"


def _asked(world: World) -> None:
    _stack(world)
    subject = world.things["stack"].series.study.subject
    world.things["request"] = IdentityRequest.objects.create(
        project=world.project, subject=subject, reason="-", asked_by=world.people["data_manager"]
    )


def _of_subject(verb: str, ability: str) -> Case:
    return Case(
        "POST",
        f"subjects/{{pk}}/{verb}",
        ability,
        lambda world: f"/api/subjects/{world.things['stack'].series.study.subject_id}/{verb}",
        body=lambda world: {"reason": "a relative asked for it"},
        prepare=_stack,
    )


def _of_held(verb: str, body: dict[str, object]) -> Case:
    path = f"quarantine/{{pk}}/{verb}"
    return Case(
        "POST",
        path,
        "quarantine.decide",
        lambda world: f"/api/quarantine/{world.things['held'].pk}/{verb}",
        body=lambda world: body,
        prepare=_intake,
        denied=404,
    )


def _dicomweb(route: str) -> Case:
    """A case of an address below a study, a series or an instance of the stack's."""

    def url(world: World) -> str:
        series = world.things["stack"].series
        values = {
            "study": series.study.study_instance_uid,
            "series": series.series_instance_uid,
            "instance": series.instances.first().sop_instance_uid,
            "frames": "1",
            "path": "7FE00010",
        }
        return f"/dicomweb/{route.format(**values)}"

    return Case("GET", f"dicomweb/{route}", "image.view", url, prepare=_stack, denied=404)


def _dicomweb_search(route: str) -> Case:
    return Case(
        "GET", f"dicomweb/{route}", "image.view", lambda world: f"/dicomweb/{route}", prepare=_stack, denied="empty", outsider="empty"
    )


def _stow(route: str, path: str) -> Case:
    content = "multipart/related; boundary=x"
    return Case(
        "POST",
        f"dicomweb/{route}",
        "intake.import",
        lambda world: f"/dicomweb/{path}?project={world.project.slug}",
        body=lambda world: "--x--",
        content_type=content,
    )


_INSTANCE = "studies/{study}/series/{series}/instances/{instance}"

CASES = [
    *(_dicomweb_search(route) for route in ("studies", "series", "instances")),
    *(
        _dicomweb(f"studies/{{study}}{rest}")
        for level in ("", "/series/{series}")
        for rest in (level, f"{level}/metadata", f"{level}/thumbnail", f"{level}/instances")
    ),
    _dicomweb("studies/{study}/series"),
    *(_dicomweb(f"{_INSTANCE}{rest}") for rest in ("", "/metadata", "/rendered", "/thumbnail", "/bulkdata/{path}")),
    *(_dicomweb(f"{_INSTANCE}/frames/{{frames}}{rest}") for rest in ("", "/rendered", "/thumbnail")),
    _stow("studies", "studies"),
    _stow("studies/{study}", "studies/1.2.3"),
    Case("GET", "subjects", "image.view", lambda world: "/api/subjects", prepare=_stack, denied="empty", outsider="empty"),
    Case(
        "GET",
        "subjects/{pk}",
        "image.view",
        lambda world: f"/api/subjects/{world.things['stack'].series.study.subject_id}",
        prepare=_stack,
        denied=404,
    ),
    _of_subject("withdraw", "subject.withdraw"),
    _of_subject("identity-requests", "identity.reveal"),
    Case(
        "GET",
        "identity-requests",
        "identity.reveal",
        lambda world: "/api/identity-requests",
        prepare=_asked,
        denied="empty",
        outsider="empty",
    ),
    _of_held("decide", {}),
    _of_held("confirm", {}),
    _of_held("reveal", {}),
    Case(
        "GET",
        "quarantine/{pk}/image",
        "quarantine.decide",
        lambda world: f"/api/quarantine/{world.things['held'].pk}/image",
        prepare=_intake,
        denied=404,
    ),
    Case(
        "GET",
        "studies/{pk}/deidentification",
        "intake.view",
        lambda world: f"/api/studies/{world.things['stack'].series.study_id}/deidentification",
        prepare=_stack,
        denied=404,
    ),
    Case(
        "POST",
        "projects/{slug}/dicomweb/studies",
        "intake.import",
        lambda world: f"/api/projects/{world.project.slug}/dicomweb/studies",
        body=lambda world: "--x--",
        content_type="multipart/related; boundary=x",
    ),
    Case("GET", "intake/profile", "intake.view", lambda world: f"/api/intake/profile?project={world.project.slug}"),
    Case("GET", "intake/profile/statement", "intake.view", lambda world: f"/api/intake/profile/statement?project={world.project.slug}"),
    Case(
        "POST",
        "intake/profile",
        "profile.manage",
        lambda world: "/api/intake/profile",
        body=lambda world: {"project": world.project.slug, "options": {"captures": "hold"}},
    ),
    Case("GET", "intake/anonymity", "intake.view", lambda world: f"/api/intake/anonymity?project={world.project.slug}"),
    *(
        Case(
            "POST",
            f"identity-requests/{{pk}}/{verb}",
            "identity.reveal",
            lambda world, verb=verb: f"/api/identity-requests/{world.things['request'].pk}/{verb}",
            body=lambda world: {},
            prepare=_asked,
            denied=404,
        )
        for verb in ("decide", "open")
    ),
    Case("GET", "studies", "image.view", lambda world: "/api/studies", prepare=_stack, denied="empty", outsider="empty"),
    Case(
        "GET",
        "studies/{pk}",
        "image.view",
        lambda world: f"/api/studies/{world.things['stack'].series.study_id}",
        prepare=_stack,
        denied=404,
    ),
    Case("GET", "series", "image.view", lambda world: "/api/series", prepare=_stack, denied="empty", outsider="empty"),
    Case("GET", "series/{pk}", "image.view", lambda world: f"/api/series/{world.things['stack'].series_id}", prepare=_stack, denied=404),
    Case("GET", "sources", "intake.view", lambda world: "/api/sources", prepare=_intake, denied="empty", outsider="empty"),
    Case("GET", "sources/{pk}", "intake.view", lambda world: f"/api/sources/{world.things['source'].pk}", prepare=_intake, denied=404),
    Case(
        "POST",
        "sources",
        "source.manage",
        lambda world: "/api/sources",
        body=lambda world: {"project": world.project.slug, "name": "PACS", "kind": "dimse", "ae_title": "PACS"},
    ),
    Case(
        "PATCH",
        "sources/{pk}",
        "source.manage",
        lambda world: f"/api/sources/{world.things['source'].pk}",
        body=lambda world: {"is_active": False},
        prepare=_intake,
        denied="hidden",
    ),
    Case(
        "POST",
        "sources/{pk}/pull",
        "source.manage",
        lambda world: f"/api/sources/{world.things['source'].pk}/pull",
        prepare=_intake,
        denied="hidden",
    ),
    Case(
        "GET",
        "sources/{pk}/status",
        "intake.view",
        lambda world: f"/api/sources/{world.things['source'].pk}/status",
        prepare=_intake,
        denied=404,
    ),
    *(
        Case(
            method,
            f"sources/{{pk}}/{what}",
            "source.manage",
            lambda world, what=what: f"/api/sources/{world.things['source'].pk}/{what}",
            body=lambda world, body=body: body if body is not None else {"project": world.project.slug},
            prepare=_intake,
            denied="hidden",
        )
        for method, what, body in (
            ("POST", "check", {}),
            ("POST", "move", None),
            ("POST", "worklist", {"accession_numbers": ["A1"]}),
            ("DELETE", "worklist", {}),
            ("PUT", "credentials", {"username": "columna", "password": "a password"}),
        )
    ),
    Case("GET", "imports", "intake.view", lambda world: "/api/imports", prepare=_intake, denied="empty", outsider="empty"),
    Case("GET", "imports/{pk}", "intake.view", lambda world: f"/api/imports/{world.things['batch'].pk}", prepare=_intake, denied=404),
    Case(
        "POST",
        "imports",
        "intake.import",
        lambda world: "/api/imports",
        body=lambda world: f'--x\r\nContent-Disposition: form-data; name="project"\r\n\r\n{world.project.slug}\r\n--x--\r\n',
        content_type="multipart/form-data; boundary=x",
    ),
    Case("GET", "quarantine", "quarantine.decide", lambda world: "/api/quarantine", prepare=_intake, denied="empty", outsider="empty"),
    Case(
        "GET",
        "quarantine/{pk}",
        "quarantine.decide",
        lambda world: f"/api/quarantine/{world.things['held'].pk}",
        prepare=_intake,
        denied=404,
    ),
    Case("GET", "intake/summary", "intake.view", lambda world: f"/api/intake/summary?project={world.project.slug}"),
    Case("GET", "stacks", "image.view", lambda world: "/api/stacks", prepare=_stack, denied="empty", outsider="empty"),
    _of_stack("stacks/{pk}", ""),
    _of_stack("stacks/{pk}/manifest", "/manifest"),
    _of_stack("stacks/{pk}/preview", "/preview"),
    Case("GET", "stacks/{pk}/regions/{digest}", "image.view", _region_path, prepare=_region, denied=404),
    _of_stack("stacks/{pk}/frames", "/frames?count=1"),
    _of_stack("stacks/{pk}/frames/{index}", "/frames/0"),
]
