"""Leases: one writer at a time, and nobody overwrites silently."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Annotation, Assignment, Case
from annotation.services.assignment import assignment_open, assignment_release, assignment_renew, case_next, case_upcoming
from annotation.services.case import case_open, case_prioritise
from config.errors import Conflict, Forbidden
from jobs.models import Event
from tests.annotation.cases import SHAPE, Writer, make_case, ready_stack, segment_op
from tests.annotation.test_proposal import propose
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def run_out(lease: Assignment) -> None:
    Assignment.objects.filter(pk=lease.pk).update(lease_until=timezone.now() - timedelta(minutes=1))


def test_a_study_becomes_one_case_however_often_it_is_ready():
    case = make_case()
    again = case_open(stack=case.stacks.get())
    assert [found.pk for found in again] == [case.pk]
    assert Event.objects.filter(kind="case.opened").count() == 1


def test_a_second_stack_joins_the_case_and_is_told():
    case = make_case()
    stack = ready_stack(project=case.project)
    stack.series.study = case.study
    stack.series.save()
    assert case_open(stack=stack)[0].pk == case.pk
    assert case.stacks.count() == 2
    assert Event.objects.filter(kind="case.opened").count() == 2


def test_a_case_that_somebody_holds_is_refused_with_since_when():
    case = make_case()
    one, two = make_member(project=case.project), make_member(project=case.project)
    lease, _ = assignment_open(case=case, user=one)
    with pytest.raises(Conflict) as caught:
        assignment_open(case=case, user=two)
    assert caught.value.code == "lease_held"
    assert caught.value.state == {"since": lease.created_at, "lease_until": lease.lease_until, "holder": "other"}


def test_a_takeover_fences_off_the_first_writer():
    case = make_case()
    one = Writer(case, make_member(project=case.project))
    assignment_open(case=case, user=make_member(project=case.project), takeover=True)
    with pytest.raises(Conflict) as caught:
        one.send(segment_op())
    assert (caught.value.code, caught.value.state["holder"]) == ("lease_expired", "other")
    with pytest.raises(Conflict):
        assignment_renew(assignment=one.lease, epoch=one.lease.epoch)


def test_the_same_tab_keeps_its_lease_and_another_tab_has_to_ask():
    case = make_case()
    user = make_member(project=case.project)
    first, _ = assignment_open(case=case, user=user, client="tab-1")
    again, _ = assignment_open(case=case, user=user, client="tab-1")
    assert (again.pk, again.epoch) == (first.pk, first.epoch)
    with pytest.raises(Conflict) as caught:
        assignment_open(case=case, user=user, client="tab-2")
    assert caught.value.state["holder"] == "you"
    taken, _ = assignment_open(case=case, user=user, client="tab-2", takeover=True)
    assert taken.epoch == first.epoch + 1


def test_a_lease_that_ran_out_is_free():
    case = make_case()
    lease, _ = assignment_open(case=case, user=make_member(project=case.project))
    run_out(lease)
    taken, _ = assignment_open(case=case, user=make_member(project=case.project))
    lease.refresh_from_db()
    assert (taken.epoch, lease.state) == (2, Assignment.State.EXPIRED)


def test_renewing_extends_a_live_lease_only():
    case = make_case()
    lease, _ = assignment_open(case=case, user=make_member(project=case.project))
    until = lease.lease_until
    assert assignment_renew(assignment=lease, epoch=lease.epoch).lease_until > until
    run_out(lease)
    with pytest.raises(Conflict):
        assignment_renew(assignment=lease, epoch=lease.epoch)


def test_next_resumes_own_work_then_takes_proposed_then_new_cases():
    begun = make_case()
    new, proposed = make_case(project=begun.project), make_case(project=begun.project)
    propose(proposed)
    user = make_member(project=begun.project)
    writer = Writer(begun, user)
    writer.send(segment_op())
    run_out(writer.lease)
    order = []
    for _ in range(3):
        found = case_next(project=begun.project, user=user)
        assert found is not None
        order.append(found[0].case_id)
        found[1].state = Annotation.State.SUBMITTED
        found[1].save()
        Case.objects.filter(pk=found[0].case_id).update(state=Case.State.SUBMITTED)
    assert order == [begun.pk, proposed.pk, new.pk]
    assert case_next(project=begun.project, user=user) is None


def test_next_takes_the_most_urgent_case_first():
    first = make_case()
    urgent = make_case(project=first.project)
    case_prioritise(case=urgent, priority=5)
    found = case_next(project=first.project, user=make_member(project=first.project))
    assert found is not None
    assert found[0].case_id == urgent.pk


def test_two_readers_never_get_the_same_case():
    case = make_case()
    other = make_case(project=case.project)
    one = case_next(project=case.project, user=make_member(project=case.project))
    two = case_next(project=case.project, user=make_member(project=case.project))
    assert one is not None
    assert two is not None
    assert {one[0].case_id, two[0].case_id} == {case.pk, other.pk}
    assert case_next(project=case.project, user=make_member(project=case.project)) is None


def test_a_case_left_alone_for_a_day_is_offered_again():
    case = make_case()
    writer = Writer(case, make_member(project=case.project))
    writer.send(segment_op())
    run_out(writer.lease)
    user = make_member(project=case.project)
    assert case_next(project=case.project, user=user) is None
    Assignment.objects.update(lease_until=timezone.now() - timedelta(hours=25))
    found = case_next(project=case.project, user=user)
    assert found is not None
    assert found[1].author == user


def test_releasing_untouched_work_puts_the_case_back():
    case = make_case()
    lease, _ = assignment_open(case=case, user=make_member(project=case.project))
    assignment_release(assignment=lease, epoch=lease.epoch)
    case.refresh_from_db()
    assert (case.state, case.annotations.count()) == (Case.State.NEW, 0)


def test_releasing_keeps_work():
    case = make_case()
    writer = Writer(case, make_member(project=case.project))
    writer.send(segment_op())
    assignment_release(assignment=writer.lease, epoch=writer.lease.epoch)
    assignment_release(assignment=writer.lease, epoch=writer.lease.epoch)
    case.refresh_from_db()
    assert (case.state, case.annotations.get().seq) == (Case.State.OPEN, 1)


def test_only_readers_of_the_project_get_a_lease():
    case = make_case()
    for user in (make_member("data_manager", case.project), make_member("radiologist")):
        with pytest.raises(Forbidden):
            assignment_open(case=case, user=user)


def test_the_default_stack_is_what_the_tests_say():
    assert make_case().stacks.get().slice_count == SHAPE[0]


def test_what_is_told_to_come_next_is_what_is_leased_next_and_telling_leases_nothing():
    first, second, third = _three_cases()
    user = make_member(project=first.project)
    assignment_open(case=first, user=user, client="here")
    assignment_open(case=second, user=user, client="another computer")
    told = case_upcoming(project=first.project, user=user, after=first.pk, client="here")
    assert told == third
    assert not Assignment.objects.live().filter(case=third).exists()
    Case.objects.filter(pk=first.pk).update(state="submitted")
    Annotation.objects.filter(case=first).update(state="submitted")
    found = case_next(project=first.project, user=user, client="here")
    assert found is not None
    assert found[0].case == told


def _three_cases() -> list[Case]:
    first = make_case()
    return [first, make_case(project=first.project), make_case(project=first.project)]
