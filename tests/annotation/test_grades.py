"""Grades by the cases that the browser runs too, in the log, and held against the ladder."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import numpy as np
import pytest

from annotation.geometry.grades import grades_apply, missing_of, sites_of
from annotation.geometry.refusal import Refused
from annotation.models import Annotation, Protocol
from annotation.services.annotation import annotation_submit
from annotation.services.check import annotation_check
from annotation.services.form import DEFAULT, forms_all
from config.errors import Conflict
from tests.annotation.cases import Writer, make_case, segment_op
from tests.annotation.test_ladder import act
from tests.factories import make_member

CASES = json.loads((Path(__file__).parents[1] / "contract" / "grades.json").read_text())
WHO = {"author": "someone", "at": "2026-01-01T00:00:00Z"}


def named(cases: list[dict]) -> list:
    return [pytest.param(case, id=case["name"]) for case in cases]


def bodies_of(case: dict) -> set[str]:
    return {body["id"] for body in case["ladder"]["bodies"]}


def plain(grades: dict) -> dict:
    return {
        form: {site: {k: v for k, v in cell.items() if k not in ("by", "at")} for site, cell in cells.items()}
        for form, cells in grades.items()
    }


@pytest.mark.parametrize("case", named(CASES["sites"]))
def test_a_form_is_answered_at_its_sites(case):
    assert sites_of(forms_all()[case["form"]], case["ladder"]["bodies"]) == case["sites"]


@pytest.mark.parametrize("case", named(CASES["apply"]))
def test_a_grade_is_set_and_taken_back(case):
    after, was = grades_apply(case["before"], case["operation"], forms=forms_all(), bodies=bodies_of(case), **WHO)
    assert plain(after) == case["after"]
    back, _ = grades_apply(after, was, forms=forms_all(), bodies=bodies_of(case), **WHO)
    assert plain(back) == case["before"]


@pytest.mark.parametrize("case", named(CASES["mustFail"]))
def test_what_the_form_does_not_know_is_refused(case):
    with pytest.raises(Refused) as caught:
        grades_apply({}, case["operation"], forms=forms_all(), bodies=bodies_of(case), **WHO)
    assert caught.value.code == case["code"]


def test_an_untouched_or_hollow_cell_is_missing():
    ladder = CASES["sites"][1]["ladder"]
    forms = {"pfirrmann": forms_all()["pfirrmann"]}
    hollow = {"pfirrmann": {"b1/disc": {"status": "proposed"}, "b2/disc": {"status": "confirmed"}}}
    assert missing_of(forms, ladder, hollow) == [{"form": "pfirrmann", "site": "b1/disc"}]
    assert len(missing_of(forms, ladder, {})) == 2


def test_every_form_is_whole():
    for code, form in forms_all().items():
        values = [entry["value"] for entry in form["values"]]
        assert len(set(values)) == len(values), code
        assert all(isinstance(value, str) for value in values), code
        keys = [entry["key"] for entry in form["values"]]
        assert len(set(keys)) == len(keys), code
        assert form["source"], code


def numbered(project=None, **protocol) -> Writer:
    """Return a writer whose ladder is L4 (segment 2), L5 (segment 1, disc 3), painted in that order from the head."""
    case = make_case()
    if protocol:
        Protocol.objects.filter(pk=case.protocol_id).update(**protocol)
        case.protocol.refresh_from_db()
    writer = Writer(case, make_member(project=case.project))
    writer.send(segment_op(1, "L5"), segment_op(2, "L4"), segment_op(3, "IVD_L4"))
    for index in (1, 2):
        plane = np.zeros_like(writer.plane(index))
        plane[0:3, 4:9], plane[4:6, 4:9], plane[7:10, 4:9] = 2, 3, 1
        writer.send(writer.stroke({index: plane}))
    bodies = [{"id": "x", "name": "L4", "segment": 2, "disc": 3}, {"id": "y", "name": "L5", "segment": 1}]
    writer.send(act("set", ladder={"bodies": bodies}))
    writer.annotation.refresh_from_db()
    return writer


def grade(value: str, site: str = "x/disc") -> dict:
    return {"id": str(uuid.uuid4()), "kind": "grades", "set": [{"form": "pfirrmann", "site": site, "value": value}], "clear": []}


@pytest.mark.django_db
def test_a_grade_keeps_who_and_moves_with_a_renumbering():
    writer = numbered()
    writer.send(grade("3"), act("shift", by=-1))
    writer.annotation.refresh_from_db()
    cell = writer.annotation.grades["pfirrmann"]["x/disc"]
    assert (cell["value"], cell["by"], cell["status"]) == ("3", str(writer.user.pk), "confirmed")
    assert [body["name"] for body in writer.annotation.ladder["bodies"]] == ["L3", "L4"]
    with pytest.raises(Conflict) as caught:
        writer.send(grade("9"))
    assert caught.value.code == "unknown_value"


@pytest.mark.django_db
def test_a_measurement_is_computed_by_the_server_and_kept_in_the_revision():
    writer = numbered()
    item = {"id": "m1", "definition": "length", "frame": {"kind": "patient"}, "points": {"a": [0, 0, 0], "b": [0, 3, 4]}, "bodies": ["x"]}
    writer.send({"id": str(uuid.uuid4()), "kind": "measurements", "set": [item], "remove": []})
    revision = annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=7)
    assert revision.content["measurements"][0]["values"] == {"length": {"value": 5.0, "unit": "mm"}}
    assert [body["name"] for body in revision.content["ladder"]["bodies"]] == ["L4", "L5"]


@pytest.mark.django_db
def test_checks_hold_the_ladder_against_the_masks():
    writer = numbered()
    found = annotation_check(annotation=writer.annotation, with_masks=True)
    assert (found["numbering"], found["blocks"]) == ([], False)
    assert {"form": "pfirrmann", "site": "x/disc"} in found["missing_grades"]
    bodies = writer.annotation.ladder["bodies"][::-1]
    Annotation.objects.filter(pk=writer.annotation.pk).update(ladder={**writer.annotation.ladder, "bodies": bodies})
    writer.annotation.refresh_from_db()
    rules = {finding["rule"] for finding in annotation_check(annotation=writer.annotation, with_masks=True)["numbering"]}
    assert rules == {"order"}


@pytest.mark.django_db
def test_a_name_on_two_islands_is_found():
    writer = numbered()
    plane = writer.plane(0).copy()
    plane[11, 0:6] = 1
    writer.send(writer.stroke({0: plane}))
    writer.annotation.refresh_from_db()
    found = annotation_check(annotation=writer.annotation, with_masks=True)["numbering"]
    assert found == [{"rule": "islands", "severity": "warning", "bodies": ["y"]}]


@pytest.mark.django_db
def test_a_protocol_can_refuse_a_numbering_with_a_gap():
    writer = numbered(recipe={"tasks": ["levels"], "numbering": "block"})
    bodies = [{**body, "name": name} for body, name in zip(writer.annotation.ladder["bodies"], ("L2", "L5"), strict=True)]
    writer.send(act("set", ladder={"bodies": bodies}))
    with pytest.raises(Conflict) as caught:
        annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=7)
    assert caught.value.code == "numbering"
    assert caught.value.state["numbering"][0]["rule"] == "gap"


@pytest.mark.django_db
def test_nothing_is_submitted_while_a_required_cell_is_empty_or_hollow():
    writer = numbered(recipe={"tasks": ["grading"], "forms": ["pfirrmann"], "required": ["pfirrmann"]})
    hollow = {**grade("3"), "set": [{"form": "pfirrmann", "site": "x/disc", "value": "3", "status": "proposed"}]}
    writer.send(hollow)
    writer.annotation.refresh_from_db()
    with pytest.raises(Conflict) as caught:
        annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=writer.annotation.seq)
    assert (caught.value.code, caught.value.state["missing"]) == ("missing_grades", [{"form": "pfirrmann", "site": "x/disc"}])
    writer.send(grade("not_assessable"))
    writer.annotation.refresh_from_db()
    assert annotation_submit(annotation=writer.annotation, user=writer.user, expected_seq=writer.annotation.seq)


def test_the_browser_grades_by_the_same_forms_where_nobody_chose_any():
    browser = (Path(__file__).parents[2] / "frontend" / "src" / "state" / "forms.ts").read_text()
    (named,) = re.findall(r"DEFAULT_FORMS: readonly string\[\] = \[(.*?)\]", browser)
    assert tuple(re.findall(r"'(\w+)'", named)) == DEFAULT
