"""Blind first, then reveal; AI hidden; sealed: what the model thinks reaches no reader before its time, and what they changed is kept."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Annotation, Case, Revision
from annotation.services.annotation import annotation_submit
from annotation.services.reveal import annotation_reveal
from config.errors import Conflict
from tests.annotation.cases import Writer, make_case, segment_op
from tests.annotation.test_proposal import propose
from tests.factories import make_member


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def blind_case(mode: str = "blind_first") -> tuple[Case, Revision]:
    case = make_case(mode=mode)
    revision = propose(case)
    return Case.objects.get(pk=case.pk), revision


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["blind_first", "ai_hidden"])
def test_no_endpoint_tells_a_blind_reader_of_the_proposal(mode: str):
    case, revision = blind_case(mode)
    Case.objects.filter(pk=case.pk).update(priority=0.87)
    writer = Writer(case, make_member(project=case.project))
    client, slug, stack = signed_in(writer.user), case.project.slug, case.stacks.get().pk
    asked = [
        f"/api/cases?project={slug}", f"/api/cases/{case.pk}", f"/api/revisions?project={slug}", f"/api/annotations?project={slug}",
        f"/api/annotations/{writer.annotation.pk}", f"/api/predictions?project={slug}", f"/api/adjudications?project={slug}",
        f"/api/annotations/{writer.annotation.pk}/operations", f"/api/annotations/{writer.annotation.pk}/heights",
    ]  # fmt: skip
    for address in asked:
        answer = client.get(address)
        text = answer.content.decode()
        assert answer.status_code == 200, address
        for word in (
            str(revision.pk),
            str(revision.annotation_id),
            str(revision.annotation.model_version),
            revision.digest,
            "0.87",
            '"proposed"',
        ):
            assert word not in text, f"{address} says {word}"
    for tail in ("", f"/mask?stack={stack}&layer=canal", "/uncertainty", f"/surface?stack={stack}&layer=canal"):
        assert client.get(f"/api/revisions/{revision.pk}{tail}").status_code == 404
    opened = client.post(f"/api/cases/{case.pk}/open", json.dumps({"takeover": True}), content_type="application/json").json()
    assert (opened["annotation"]["derived_from"], opened["annotation"]["segments"]) == (None, [])
    refused = client.post("/api/prompts/sessions", json.dumps({"stack": str(stack)}), content_type="application/json")
    assert refused.status_code in (404, 409)


@pytest.mark.django_db
def test_revealing_keeps_the_blind_state_and_submitting_says_what_changed_after():
    case, proposal = blind_case()
    writer = Writer(case, make_member(project=case.project))
    writer.send(segment_op())
    writer.send(writer.stroke({1: writer.block(1, 1, slice(2, 6), slice(2, 6))}))
    with pytest.raises(Conflict) as caught:
        annotation_reveal(annotation=writer.annotation, user=writer.user, expected_seq=1)
    assert caught.value.code == "stale_revision"
    blind = annotation_reveal(annotation=writer.annotation, user=writer.user, expected_seq=2)
    assert annotation_reveal(annotation=writer.annotation, user=writer.user, expected_seq=2) == blind
    assert Revision.objects.visible_to(writer.user).filter(pk=proposal.pk).exists()
    assert not Revision.objects.authored().filter(pk=blind.pk).exists()
    writer.send(writer.stroke({2: writer.block(2, 1, slice(2, 6), slice(2, 6))}))
    writer.annotation.refresh_from_db()
    final = annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=3)
    assert (blind.number, final.number, blind.kind) == (1, 2, "blind")
    assert blind.digest != final.digest
    assert final.figures["after_reveal"] == {"operations": 1, "slices": 1, "grades": [], "ladder": False, "segments": []}
    assert final.figures["protocol"]["reading_mode"] == "blind_first"


@pytest.mark.django_db
def test_one_reader_who_has_looked_reveals_nothing_to_another():
    case, proposal = blind_case()
    writer = Writer(case, make_member(project=case.project))
    annotation_reveal(annotation=writer.annotation, user=writer.user, expected_seq=0)
    other = make_member(project=case.project)
    assert not Revision.objects.visible_to(other).filter(pk=proposal.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "fold", "code"), [("ai_first", "train", "not_blind"), ("ai_hidden", "train", "not_blind"), ("blind_first", "sealed", "sealed")]
)
def test_nothing_is_revealed_where_the_protocol_or_the_fold_forbids_it(mode: str, fold: str, code: str):
    case = make_case(mode=mode, fold=fold)
    writer = Writer(case, make_member(project=case.project))
    with pytest.raises(Conflict) as caught:
        annotation_reveal(annotation=writer.annotation, user=writer.user, expected_seq=0)
    assert caught.value.code == code
    assert Annotation.objects.get(pk=writer.annotation.pk).blind is None


@pytest.mark.django_db
def test_time_is_kept_without_content_and_counts_once():
    case = make_case()
    writer = Writer(case, make_member(project=case.project))
    client = signed_in(writer.user)
    address = f"/api/annotations/{writer.annotation.pk}/effort"

    def send(**body):
        return client.post(address, json.dumps(body), content_type="application/json")

    send(visit="v1", active=30, idle=5, structures={"L5": 20})
    send(visit="v1", active=30, idle=5, structures={"L5": 20})
    send(visit="v2", active=12, idle=0, structures={"L5": 2, "L4": 10})
    kept = client.get(f"/api/annotations/{writer.annotation.pk}").json()["effort"]
    assert kept == {"active_seconds": 42, "idle_seconds": 5, "structures": {"L4": 10, "L5": 22}, "visits": 2}
    assert send(visit="v3", active=1, idle=0, structures={"John Doe": 1}).status_code == 400
    assert send(visit="v3", active=1e9, idle=0, structures={}).status_code == 400


@pytest.mark.django_db
def test_a_manager_who_also_reads_is_as_blind_as_every_reader():
    from ml_backend.models import Prediction
    from ml_backend.services.model_version import models_sync

    for mode, seen in (("blind_first", 0), ("ai_first", 1)):
        case, revision = blind_case(mode)
        both = make_member("data_manager", case.project, make_member("radiologist", case.project))
        Prediction.objects.create(project=case.project, case=case, model_version=models_sync(), revision=revision, stacks_digest="x")
        assert Prediction.objects.visible_to(both).count() == seen
        assert Revision.objects.visible_to(both).filter(pk=revision.pk).count() == seen
