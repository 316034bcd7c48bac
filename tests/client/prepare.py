"""Fill a fresh installation with what the client's tests pull; run as a program, prints tokens as JSON."""

from __future__ import annotations

import json
import sys

import django

SHAPE = (10, 256, 256)
"""About a megabyte per image that does not compress."""


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from accounts.services.token import token_create
    from storage.models import Subject
    from tests.datasets.cases import make_case, make_dataset, make_release
    from tests.factories import make_member

    dataset, manager = make_dataset(cases=0)
    for number in range(5):
        make_case(dataset.project, seed=number, shape=SHAPE, fold="sealed" if number == 4 else "train")
    make_release(dataset, manager)
    make_case(dataset.project, seed=7, shape=SHAPE)
    make_release(dataset, manager)
    researcher = make_member("researcher", dataset.project)
    tokens = {
        name: token_create(user=person, name=name, scopes=["pull"], days=1)[1]
        for name, person in (("researcher", researcher), ("manager", manager))
    }
    outsider = make_member("researcher")
    tokens["outsider"] = token_create(user=outsider, name="outsider", scopes=["pull"], days=1)[1]
    leaving, its_manager = make_dataset(cases=2, slug="leaving")
    make_release(leaving, its_manager)
    tokens["leaving"] = token_create(user=its_manager, name="leaving", scopes=["pull"], days=1)[1]
    subject = Subject.objects.filter(project=leaving.project).order_by("pseudonym")[0]
    sys.stdout.write(json.dumps({"tokens": tokens, "subject": str(subject.pk), "project": str(leaving.project_id)}))


if __name__ == "__main__":
    main()
