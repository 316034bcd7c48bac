"""``python -m tests.annotation.seed CASES [ROWS COLUMNS SLICES]``: a migrated, seeded database for tests and benchmarks of a running server.

Makes the project ``demo`` with cases whose frames are ready, and the radiologists ``reader1`` and ``reader2``; prints
{"tokens": {username: token}} as JSON.
"""

from __future__ import annotations

import json
import os
import sys

PASSWORD = "a long enough password"


def main(cases: int, rows: int = 64, columns: int = 80, slices: int = 8) -> None:
    from accounts.services.token import token_create
    from annotation.models import Case
    from storage.models import Stack
    from storage.services.frames import stack_render
    from tests.annotation.cases import make_case
    from tests.factories import make_member, make_project, make_user

    project = make_project("demo")
    tokens = {}
    for name in ("reader1", "reader2"):
        user = make_member("radiologist", project, make_user(name, password=PASSWORD))
        tokens[name] = token_create(user=user, name="test", scopes=["write"], days=1)[1]
    for _ in range(cases):
        case = make_case(project=project, shape=(slices, rows, columns))
        stack = Stack.objects.get(cases=case)
        Stack.objects.filter(pk=stack.pk).update(ready_at=None)
        stack.refresh_from_db()
        stack_render(stack=stack)
    assert Case.objects.filter(stacks__ready_at__isnull=False).count() == cases
    sys.stdout.write(json.dumps({"tokens": tokens}) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    main(*(int(argument) for argument in sys.argv[1:]))
