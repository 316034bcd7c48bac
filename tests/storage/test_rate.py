"""A source's rate is a bucket that refills evenly, by a clock that nobody can set."""

import pytest

from storage.models import SourceRate
from storage.services.rate import rate_room, rate_spend
from storage.services.source import source_for, source_update
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return source_update(source=source_for(project=make_project(), kind="stow"), user=None, rate_limit=6)


def test_a_minutes_images_may_come_at_once_and_then_one_by_one(source):
    assert rate_room(source=source, now=1000.0) == 6
    rate_spend(source=source, count=6, now=1000.0)
    assert [rate_room(source=source, now=1000.0 + after) for after in (0, 9, 10, 25, 60, 600)] == [0, 0, 1, 2, 6, 6]


def test_the_border_of_a_minute_opens_nothing(source):
    rate_spend(source=source, count=6, now=59.9)
    assert rate_room(source=source, now=60.1) == 0


def test_setting_the_clock_changes_nothing(source):
    rate_spend(source=source, count=6)
    SourceRate.objects.update(seen_at="2099-01-01T00:00:00Z")
    assert rate_room(source=source) == 0
    SourceRate.objects.update(seen_at="1999-01-01T00:00:00Z")
    assert rate_room(source=source) == 0


def test_a_machine_that_was_started_again_begins_with_a_full_bucket_and_forgets_the_old_clock(source):
    SourceRate.objects.create(source=source, clock="before", until=9e9)
    SourceRate.objects.update(seen_at="2020-01-01T00:00:00Z")
    assert rate_room(source=source) == 6
    rate_spend(source=source, count=1)
    assert rate_room(source=source) == 5
    assert not SourceRate.objects.filter(clock="before").exists()


def test_without_a_limit_nothing_is_counted(source):
    free = source_update(source=source, user=None, rate_limit=None)
    rate_spend(source=free, count=5)
    assert rate_room(source=free) is None
    assert not SourceRate.objects.exists()
