"""Hold submitted readings against each other, as a worker would: ``python -m tests.journeys.settle``."""

from __future__ import annotations

import os


def main() -> None:
    from annotation.models import Case
    from annotation.services.adjudication import adjudication_prepare

    for case in Case.objects.filter(state=Case.State.SUBMITTED):
        adjudication_prepare(case_id=case.pk)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    main()
