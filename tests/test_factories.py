"""The factories make what the rooms expect."""

import pytest

from tests.factories import make_member, make_project


@pytest.mark.django_db
def test_a_member_sees_their_project() -> None:
    from accounts.models import Project

    project = make_project()
    assert list(Project.objects.visible_to(make_member("radiologist", project))) == [project]
