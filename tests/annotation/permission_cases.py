"""Who may call the endpoints of annotation."""

from __future__ import annotations

from typing import Any

from annotation.services.assignment import assignment_open, assignment_release
from annotation.services.review import review_give
from storage.envelope import MEDIA_TYPE
from tests.annotation.cases import Writer, bundle, make_case, segment_op
from tests.annotation.readings import case_read_by, read, settle_up
from tests.annotation.test_proposal import propose
from tests.permissions import Case, World


def _case(world: World) -> None:
    world.things["case"] = make_case(project=world.project)


def _begun(world: World) -> None:
    """Each reader has work of their own on the case; whoever asks holds the lease."""
    _case(world)
    world.things["own"] = {}
    for role in ("radiologist", "adjudicator"):
        writer = Writer(world.things["case"], world.people[role])
        writer.send(segment_op())
        assignment_release(assignment=writer.lease, epoch=writer.lease.epoch)
        world.things["own"][world.people[role].pk] = writer


def _writer(world: World) -> Any:
    own = world.things["own"]
    if world.asking is None or world.asking.pk not in own:
        return next(iter(own.values()))
    writer = own[world.asking.pk]
    writer.lease, _ = assignment_open(case=world.things["case"], user=world.asking, takeover=True)
    return writer


def _annotation(tail: str = "") -> Any:
    def url(world: World) -> str:
        writer = _writer(world)
        stack = writer.case.stacks.get().pk
        return f"/api/annotations/{writer.annotation.pk}{tail.format(stack=stack)}"

    return url


def _batch(base: int) -> Any:
    def body(world: World) -> bytes:
        writer = _writer(world)
        return bundle([segment_op(7, "L3")], [], base, writer.lease)

    return body


def _proposed(world: World) -> None:
    _case(world)
    world.things["revision"] = propose(world.things["case"])


def _differing(world: World) -> None:
    """Two people who are no longer asked have read the case, and differ."""
    world.things["case"] = case_read_by(2, project=world.project)
    read(world.things["case"])
    read(world.things["case"], rows=slice(2, 11), name="L4")
    world.things["adjudication"] = settle_up(world.things["case"])


def _reviewed(world: World) -> None:
    _differing(world)
    review_give(revision=world.things["adjudication"].a, user=world.people["data_manager"], verdict="return", note="Look again.")


def _adjudication(tail: str = "") -> Any:
    return lambda world: f"/api/adjudications/{world.things['adjudication'].pk}{tail.format(stack=world.things['case'].stacks.get().pk)}"


def _case_url(world: World) -> str:
    return f"/api/cases/{world.things['case'].pk}"


def _revision(tail: str = "") -> Any:
    return lambda world: f"/api/revisions/{world.things['revision'].pk}{tail.format(stack=world.things['case'].stacks.get().pk)}"


CASES = [
    Case("GET", "forms", None, lambda world: "/api/forms", outsider="allowed"),
    Case("GET", "annotations/{pk}/checks", "image.view", _annotation("/checks"), prepare=_begun, denied=404),
    Case("GET", "annotations/{pk}/plates", "image.view", _annotation("/plates"), prepare=_begun, denied=404),
    Case("GET", "schemas", None, lambda world: "/api/schemas", outsider="allowed", prepare=_case),
    Case(
        "GET",
        "schemas/{pk}",
        None,
        lambda world: f"/api/schemas/{world.things['case'].protocol.schema_id}",
        outsider="allowed",
        prepare=_case,
    ),
    Case(
        "GET",
        "protocols",
        "image.view",
        lambda world: f"/api/protocols?project={world.project.slug}",
        prepare=_case,
        denied="empty",
        outsider="empty",
    ),
    Case(
        "GET",
        "protocols/{pk}",
        "image.view",
        lambda world: f"/api/protocols/{world.things['case'].protocol_id}",
        prepare=_case,
        denied=404,
    ),
    Case(
        "POST",
        "protocols",
        "project.manage",
        lambda world: "/api/protocols",
        body=lambda world: {"project": world.project.slug, "name": "Discs", "structures": ["IVD_L5"]},
    ),
    Case(
        "GET",
        "cases",
        "image.view",
        lambda world: f"/api/cases?project={world.project.slug}",
        prepare=_case,
        denied="empty",
        outsider="empty",
    ),
    Case("GET", "cases/{pk}", "image.view", _case_url, prepare=_case, denied=404),
    Case("GET", "cases/{pk}/priors", "image.view", lambda world: f"{_case_url(world)}/priors", prepare=_case, denied=404),
    Case(
        "POST",
        "cases/next",
        "case.label",
        lambda world: "/api/cases/next",
        body=lambda world: {"project": world.project.slug},
        prepare=_case,
    ),
    Case("GET", "cases/upcoming", "case.label", lambda world: f"/api/cases/upcoming?project={world.project.slug}", prepare=_case),
    Case("POST", "cases/{pk}/open", "case.label", lambda world: f"{_case_url(world)}/open", body=lambda world: {}, prepare=_begun),
    Case(
        "POST",
        "assignments/{pk}/renew",
        "case.label",
        lambda world: f"/api/assignments/{_writer(world).lease.pk}/renew",
        body=lambda world: {},
        prepare=_begun,
        denied=404,
    ),
    Case(
        "POST",
        "assignments/{pk}/release",
        "case.label",
        lambda world: f"/api/assignments/{_writer(world).lease.pk}/release",
        body=lambda world: {},
        prepare=_begun,
        denied=404,
    ),
    Case(
        "GET",
        "annotations",
        "image.view",
        lambda world: f"/api/annotations?project={world.project.slug}",
        prepare=_begun,
        denied="empty",
        outsider="empty",
    ),
    Case("GET", "annotations/{pk}", "image.view", _annotation(), prepare=_begun, denied=404),
    Case("GET", "annotations/{pk}/mask", "image.view", _annotation("/mask?stack={stack}&layer=instances"), prepare=_begun, denied=404),
    Case(
        "GET", "annotations/{pk}/surface", "image.view", _annotation("/surface?stack={stack}&layer=instances"), prepare=_begun, denied=404
    ),
    Case("GET", "revisions/{pk}/surface", "image.view", _revision("/surface?stack={stack}&layer=canal"), prepare=_proposed, denied=404),
    Case("GET", "annotations/{pk}/operations", "image.view", _annotation("/operations"), prepare=_begun, denied=404),
    Case(
        "POST",
        "annotations/{pk}/operations",
        "case.label",
        _annotation("/operations"),
        body=_batch(1),
        prepare=_begun,
        content_type=MEDIA_TYPE,
    ),
    Case(
        "POST",
        "annotations/{pk}/slices/check",
        "case.label",
        _annotation("/slices/check"),
        body=lambda world: {"slices": []},
        prepare=_begun,
    ),
    Case(
        "PUT",
        "annotations/{pk}/slice",
        "case.label",
        _annotation("/slice?stack={stack}&layer=instances&key=none"),
        body=lambda world: b"",
        prepare=_begun,
        content_type="application/octet-stream",
    ),
    Case(
        "POST",
        "annotations/{pk}/branches",
        "case.label",
        _annotation("/branches"),
        body=_batch(0),
        prepare=_begun,
        content_type=MEDIA_TYPE,
    ),
    Case(
        "POST",
        "annotations/{pk}/submit",
        "case.label",
        _annotation("/submit"),
        body=lambda world: {"expected_seq": 1},
        prepare=_begun,
    ),
    Case("GET", "annotations/{pk}/heights", "image.view", _annotation("/heights"), prepare=_begun, denied=404),
    Case(
        "POST",
        "annotations/{pk}/effort",
        "case.label",
        _annotation("/effort"),
        body=lambda world: {"visit": "v", "active": 1, "idle": 0, "structures": {}},
        prepare=_begun,
    ),
    Case("POST", "annotations/{pk}/reveal", "case.label", _annotation("/reveal"), body=lambda world: {"expected_seq": 1}, prepare=_begun),
    Case(
        "PATCH",
        "protocols/{pk}",
        "project.manage",
        lambda world: f"/api/protocols/{world.things['case'].protocol_id}",
        body=lambda world: {"version": 1, "readers": 2},
        prepare=_case,
    ),
    Case(
        "GET",
        "reviews",
        "case.review",
        lambda world: f"/api/reviews?project={world.project.slug}&case={world.things['case'].pk}",
        prepare=_reviewed,
        denied="empty",
        outsider="empty",
    ),
    Case(
        "POST",
        "cases/{pk}/reviews",
        "case.review",
        lambda world: f"{_case_url(world)}/reviews",
        body=lambda world: {"verdict": "return", "side": "a", "note": "Look again."},
        prepare=_differing,
    ),
    Case(
        "GET",
        "adjudications",
        "case.review",
        lambda world: f"/api/adjudications?project={world.project.slug}",
        prepare=_differing,
        denied="empty",
        outsider="empty",
    ),
    Case("GET", "adjudications/{pk}", "case.review", _adjudication(), prepare=_differing, denied=404),
    Case(
        "GET",
        "adjudications/{pk}/mask",
        "case.review",
        _adjudication("/mask?side=a&stack={stack}&layer=instances"),
        prepare=_differing,
        denied=404,
    ),
    Case("POST", "adjudications/{pk}/open", "case.review", _adjudication("/open"), body=lambda world: {}, prepare=_differing),
    Case(
        "POST",
        "adjudications/{pk}/picks",
        "case.review",
        _adjudication("/picks"),
        body=lambda world: {"finding": "levels", "take": "a"},
        prepare=_differing,
    ),
    Case(
        "POST",
        "adjudications/{pk}/submit",
        "case.review",
        _adjudication("/submit"),
        body=lambda world: {"expected_seq": 0},
        prepare=_differing,
    ),
    Case(
        "GET",
        "revisions",
        "image.view",
        lambda world: f"/api/revisions?project={world.project.slug}",
        prepare=_proposed,
        denied="empty",
        outsider="empty",
    ),
    Case("GET", "revisions/{pk}", "image.view", _revision(), prepare=_proposed, denied=404),
    Case("GET", "revisions/{pk}/mask", "image.view", _revision("/mask?stack={stack}&layer=canal"), prepare=_proposed, denied=404),
    Case("GET", "revisions/{pk}/uncertainty", "image.view", _revision("/uncertainty"), prepare=_proposed, denied=404),
]
