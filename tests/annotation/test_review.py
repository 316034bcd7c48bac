"""Two readers who do not see each other, what they differ in, and the one consensus that follows."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.geometry.agreement import grade_differences, mask_agreement, pairs_of
from annotation.geometry.fusion import majority, staple
from annotation.models import Adjudication, Annotation, Case, Protocol, Revision
from annotation.services.adjudication import adjudication_open, adjudication_pick, adjudication_prepare, adjudication_submit
from annotation.services.assignment import assignment_open, assignment_release, case_next
from annotation.services.form import forms_all
from annotation.services.review import review_give
from config.errors import Conflict, Forbidden, Invalid
from tests.annotation.readings import case_read_by, drawn, read, settle_up
from tests.factories import make_member


def block(rows: slice) -> np.ndarray:
    mask = np.zeros((4, 20, 20), dtype=bool)
    mask[1:3, rows, 5:15] = True
    return mask


def test_masks_agree_by_overlap_and_by_how_far_their_surfaces_lie_apart():
    found = mask_agreement(block(slice(4, 10)), block(slice(4, 14)), (4.0, 0.5, 0.5))
    assert found["dice"] == pytest.approx(0.75)
    assert found["worst_mm"] == pytest.approx(2.0)
    assert 9 < found["place"][1] <= 13
    assert found["ml"] == [pytest.approx(0.12), pytest.approx(0.2)]
    assert mask_agreement(block(slice(4, 10)), block(slice(4, 10)), (1, 1, 1))["worst_mm"] == 0


def test_what_only_one_has_drawn_has_no_distance_but_a_place():
    found = mask_agreement(block(slice(4, 10)), np.zeros((4, 20, 20), dtype=bool), (1, 1, 1))
    assert (found["dice"], found["worst_mm"]) == (0.0, None)
    assert found["place"][1] in (6, 7)


def test_segments_are_paired_by_where_they_lie_and_not_by_their_number():
    a, b = np.zeros((2, 8, 8), dtype=np.uint8), np.zeros((2, 8, 8), dtype=np.uint8)
    a[:, 0:3], a[:, 4:7] = 1, 2
    b[:, 0:3], b[:, 4:6] = 9, 1
    assert pairs_of(a, b) == {1: 9, 2: 1}


def test_a_grade_counts_when_it_is_confirmed_and_moves_with_its_body():
    forms = forms_all()
    a = {"pfirrmann": {"x/disc": {"value": "2", "status": "confirmed"}, "y/disc": {"value": "4", "status": "proposed"}}}
    b = {"pfirrmann": {"b9/disc": {"value": "5", "status": "confirmed"}}}
    assert grade_differences([a, b], [{}, {"b9": "x"}], forms) == [{"form": "pfirrmann", "site": "x/disc", "a": "2", "b": "5", "steps": 3}]


@pytest.mark.django_db
def test_the_second_reader_gets_the_case_and_sees_nothing_of_the_first():
    case = case_read_by(2)
    first, second = make_member(project=case.project), make_member(project=case.project)
    revision = read(case, first)
    case.refresh_from_db()
    assert case.state == Case.State.NEW
    assert Case.objects.all().with_shown_state(first).get(pk=case.pk).shown_state == "submitted"
    assert case_next(project=case.project, user=first) is None
    leased = case_next(project=case.project, user=second)
    assert leased is not None
    assert leased[1].segments == []
    assert leased[1].derived_from is None
    assert not Revision.objects.visible_to(second).filter(pk=revision.pk).exists()
    assert not Annotation.objects.visible_to(second).filter(author=first).exists()


@pytest.mark.django_db
def test_readings_that_differ_come_to_review_with_their_worst_difference_first():
    case = case_read_by(2, "disagreement")
    read(case, rows=slice(2, 8), grade="1")
    read(case, rows=slice(2, 11), name="L4", grade="3")
    found = settle_up(case)
    case.refresh_from_db()
    assert case.state == Case.State.REVIEW
    assert [finding["kind"] for finding in found.findings] == ["levels", "outline", "grade"]
    assert found.agreement["dice"] == pytest.approx(0.8)
    assert {found.findings[2]["a"], found.findings[2]["b"]} == {"1", "3"}
    assert settle_up(case).pk == found.pk


@pytest.mark.django_db
def test_readings_that_agree_need_nobody():
    case = case_read_by(2, "disagreement")
    read(case)
    read(case)
    assert adjudication_prepare(case_id=case.pk) is None
    case.refresh_from_db()
    assert case.state == Case.State.SUBMITTED


@pytest.mark.django_db
def test_three_readings_are_held_against_each_other_and_what_most_say_is_told():
    case = case_read_by(3)
    for rows, name, grade in ((slice(2, 8), "L5", "1"), (slice(2, 11), "L5", "3"), (slice(1, 8), "L4", "3")):
        read(case, rows=rows, name=name, grade=grade)
    found = settle_up(case)
    levels, outline, grade_found = found.findings
    assert {grade_found[side] for side in "abc"} == {"1", "3"}
    assert grade_found[grade_found["majority"]] == "3"
    assert levels[levels["majority"]] == ["L5"]
    assert set(outline["pairs"]) == {"ab", "ac", "bc"}
    assert len(outline["ml"]) == 3
    assert outline["dice"] == min(pair["dice"] for pair in outline["pairs"].values())


@pytest.mark.django_db
@pytest.mark.parametrize("take", ["vote", "staple", "c"])
def test_of_three_outlines_the_consensus_takes_one_or_what_they_come_to(take: str):
    case = case_read_by(3)
    for rows in (slice(2, 8), slice(2, 11), slice(3, 8)):
        read(case, rows=rows)
    user, found, lease, _ = opened(case)
    (outline,) = found.findings
    found, consensus = adjudication_pick(adjudication=found, user=user, finding=outline["id"], take=take, assignment=lease)
    revision = adjudication_submit(adjudication=found, user=user, expected_seq=consensus.seq)
    held = np.sum([drawn(found.readings[side]) for side in "abc"], axis=0)
    wanted = drawn(found.readings["c"]) if take == "c" else held >= 2
    assert np.array_equal(drawn(revision), wanted)


@pytest.mark.django_db
def test_what_three_come_to_is_not_offered_for_two_nor_for_a_grade():
    case = case_read_by(2)
    read(case, rows=slice(2, 8))
    read(case, rows=slice(2, 11))
    user, found, lease, _ = opened(case)
    with pytest.raises(Invalid, match="edit"):
        adjudication_pick(adjudication=found, user=user, finding=found.findings[0]["id"], take="vote", assignment=lease)


def test_what_two_careless_readers_share_by_chance_is_voted_in_but_not_believed():
    true = block(slice(4, 10))
    one, other = true | block(slice(9, 18)), true | block(slice(17, 20)) | block(slice(0, 4))
    assert np.array_equal(majority([true, one, other]), true | block(slice(17, 18)))
    assert np.array_equal(staple([true, one, other]), true)
    assert not staple([np.zeros_like(true)] * 3).any()


def opened(case: Case):
    user = make_member("adjudicator", case.project)
    return (user, *adjudication_open(adjudication=settle_up(case), user=user))


@pytest.mark.django_db
def test_a_consensus_takes_each_answer_from_the_side_that_was_picked_and_keeps_where_it_came_from():
    case = case_read_by(2)
    read(case, rows=slice(2, 8), grade="1")
    read(case, rows=slice(2, 11), name="L4", grade="3")
    user, found, lease, consensus = opened(case)
    picks = {"levels": "b", "outline": "b", "grade": "a"}
    with pytest.raises(Conflict, match="open"):
        adjudication_submit(adjudication=found, user=user, expected_seq=0)
    for finding in found.findings:
        found, consensus = adjudication_pick(
            adjudication=found, user=user, finding=finding["id"], take=picks[finding["kind"]], assignment=lease
        )
    revision = adjudication_submit(adjudication=found, user=user, expected_seq=consensus.seq)
    assert np.array_equal(drawn(revision), drawn(found.b))
    assert revision.content["ladder"]["bodies"][0]["name"] == found.b.content["ladder"]["bodies"][0]["name"]
    assert revision.content["segments"][0]["structure"] == found.b.content["segments"][0]["structure"]
    cell = revision.content["grades"]["genant"]["b1"]
    assert (cell["value"], cell["by"]) == (found.a.content["grades"]["genant"]["b1"]["value"], str(user.pk))
    assert revision.content["derived_from"] == found.a.digest
    assert {op.author_id for op in consensus.operations.all()} == {user.pk}
    case.refresh_from_db()
    assert (case.state, Adjudication.objects.get().state) == ("accepted", "done")
    assert adjudication_submit(adjudication=found, user=user, expected_seq=consensus.seq) == revision


@pytest.mark.django_db
def test_a_pick_can_be_changed_and_the_log_remembers_both():
    case = case_read_by(2)
    read(case, rows=slice(2, 8))
    read(case, rows=slice(2, 11))
    user, found, lease, _ = opened(case)
    outline = next(finding["id"] for finding in found.findings if finding["kind"] == "outline")
    for take in ("b", "a"):
        found, consensus = adjudication_pick(adjudication=found, user=user, finding=outline, take=take, assignment=lease)
    assert consensus.seq == 2
    revision = adjudication_submit(adjudication=found, user=user, expected_seq=2)
    assert np.array_equal(drawn(revision), drawn(found.a))


@pytest.mark.django_db
def test_what_only_one_reader_drew_is_taken_over_or_left_out():
    case = case_read_by(2)
    read(case)
    read(case, rows=slice(0, 0))
    user, found, lease, _ = opened(case)
    missing = next(finding for finding in found.findings if finding["kind"] == "missing")
    empty = "a" if missing["a"] is None else "b"
    full = "b" if empty == "a" else "a"
    found, consensus = adjudication_pick(adjudication=found, user=user, finding=missing["id"], take=full, assignment=lease)
    found, consensus = adjudication_pick(adjudication=found, user=user, finding=missing["id"], take=empty, assignment=lease)
    revision = adjudication_submit(adjudication=found, user=user, expected_seq=consensus.seq)
    assert revision.content["layers"] == {}


@pytest.mark.django_db
def test_whoever_has_read_a_case_does_not_settle_it():
    case = case_read_by(2)
    user = make_member("adjudicator", case.project)
    read(case, user)
    read(case, rows=slice(2, 11))
    found = settle_up(case)
    assert not Adjudication.objects.visible_to(user).filter(pk=found.pk).exists()


@pytest.mark.django_db
def test_a_returned_reading_comes_back_to_its_reader_with_the_note():
    case = case_read_by(1)
    reader, reviewer = make_member(project=case.project), make_member("data_manager", case.project)
    revision = read(case, reader)
    case.refresh_from_db()
    assert case.state == Case.State.REVIEW
    with pytest.raises(Invalid):
        review_give(revision=revision, user=reviewer, verdict="return", note=" ")
    with pytest.raises(Forbidden):
        review_give(revision=revision, user=reader, verdict="accept")
    review_give(revision=revision, user=reviewer, verdict="return", note="The posterior wall, please.", place={"structure": "L5"})
    leased = case_next(project=case.project, user=reader)
    assert leased is not None
    lease, draft = leased
    assert draft.derived_from == revision
    assignment_release(assignment=lease, epoch=lease.epoch)
    assert Annotation.objects.filter(pk=draft.pk).exists()
    assert case.reviews.unanswered().count() == 1
    again = _hand_in_again(case, reader)
    case.refresh_from_db()
    assert (case.state, case.reviews.unanswered().count()) == (Case.State.REVIEW, 0)
    review_give(revision=again, user=reviewer, verdict="accept")
    case.refresh_from_db()
    assert case.state == Case.State.ACCEPTED


def _hand_in_again(case: Case, reader) -> Revision:
    from annotation.services.annotation import annotation_submit

    _, draft = assignment_open(case=case, user=reader)
    return annotation_submit(annotation=draft, user=reader, expected_seq=draft.seq)


@pytest.mark.django_db
def test_returning_one_of_two_readings_ends_the_adjudication_until_it_is_handed_in_again():
    case = case_read_by(2)
    reader = make_member(project=case.project)
    mine = read(case, reader)
    read(case, rows=slice(2, 11))
    user, found, _, _ = opened(case)
    review_give(revision=mine, user=user, verdict="return", note="Look again.")
    found.refresh_from_db()
    case.refresh_from_db()
    assert (found.state, case.state) == ("returned", Case.State.OPEN)
    assert adjudication_prepare(case_id=case.pk) is None
    again = _hand_in_again(case, reader)
    assert again.pk in {settle_up(case).a_id, settle_up(case).b_id}


@pytest.mark.django_db
def test_a_protocol_changes_by_its_version():
    from annotation.services.protocol import protocol_change

    case = case_read_by(1)
    manager = make_member("data_manager", case.project)
    protocol = Protocol.objects.get(pk=case.protocol_id)
    changed = protocol_change(protocol=protocol, actor=manager, version=1, reading_mode="blind_first", readers=2, required=["genant"])
    assert (changed.version, changed.reading_mode, changed.readers, changed.recipe["required"]) == (2, "blind_first", 2, ["genant"])
    with pytest.raises(Conflict) as caught:
        protocol_change(protocol=protocol, actor=manager, version=1, readers=3)
    assert (caught.value.code, caught.value.state["readers"]) == ("stale_protocol", 2)
    with pytest.raises(Invalid):
        protocol_change(protocol=protocol, actor=manager, version=2, required=["no_such_form"])
