"""Earlier studies beside a case: whose, in which order, said by interval, and for whom."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from annotation.models import Case
from storage.models import Stack
from tests.annotation.cases import make_case, ready_stack
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def dated(stack: Stack, case: Case, day: date | None) -> Stack:
    """Let a stack's study be one of the case's subject, on a day."""
    study = stack.series.study
    study.subject, study.study_date = case.subject, day
    study.save(update_fields=["subject", "study_date"])
    return stack


@pytest.fixture
def case() -> Case:
    case = make_case()
    case.study.study_date = date(2021, 3, 4)
    case.study.save(update_fields=["study_date"])
    return case


def priors(case: Case, role: str = "radiologist") -> list[dict]:
    client = Client()
    client.force_login(make_member(role, case.project))
    return client.get(f"/api/cases/{case.pk}/priors").json()


def test_earlier_studies_of_the_subject_come_newest_first_by_interval_and_without_a_date(case: Case):
    old = dated(ready_stack(project=case.project, seed=5), case, date(2019, 12, 31))
    near = dated(ready_stack(project=case.project, seed=6), case, date(2021, 1, 4))
    dated(ready_stack(project=case.project, seed=7), case, date(2021, 5, 1))
    dated(ready_stack(project=case.project, seed=8), case, None)
    ready_stack(project=case.project, seed=9)
    found = priors(case)
    assert [prior["days_before"] for prior in found] == [59, 429]
    assert [prior["stacks"][0]["id"] for prior in found] == [str(near.pk), str(old.pk)]
    assert not re.search(r"2021-?01-?04|2019-?12-?31", str(found))


def test_where_the_day_is_not_known_or_nothing_is_earlier_there_is_none(case: Case):
    assert priors(case) == []
    dated(ready_stack(project=case.project, seed=5), case, date(2019, 12, 31))
    case.study.study_date = None
    case.study.save(update_fields=["study_date"])
    assert priors(case) == []


def test_a_stranger_sees_neither_the_case_nor_its_priors(case: Case):
    client = Client()
    client.force_login(make_member("radiologist"))
    assert client.get(f"/api/cases/{case.pk}/priors").status_code == 404
