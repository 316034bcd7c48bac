"""Which upper room acts on which event. A lower room never calls up: it writes an event, and this table says what follows."""

ROUTES: dict[str, tuple[str, ...]] = {
    "stack.ready": ("annotation.case_open",),
    "series.settled": ("annotation.case_settle",),
    "mask.imported": ("annotation.mask_import",),
    "case.opened": ("ml_backend.predict",),
    "case.settled": ("ml_backend.predict",),
    "annotation.submitted": ("annotation.agree",),
    "version.frozen": (),
    "subject.withdrawn": ("annotation.subject_withdraw", "datasets.withdraw"),
}
"""Event kind → job kinds. Each job gets the event's payload; its dedupe key is the event's id and the job kind."""
