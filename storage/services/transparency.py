"""What was done to whom: per study what became of each element, per project how small the smallest groups are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pydicom.datadict import keyword_for_tag

from storage.models import Instance, Study

if TYPE_CHECKING:
    from accounts.models import Project

_KEYS = ("age", "sex", "scanner", "month")


def study_report(*, study: Study) -> dict[str, Any]:
    """Return counts per action over all instances, the profiles that were used, and per series what became of each element. No values."""
    counts: Counter[str] = Counter()
    profiles: Counter[str] = Counter()
    instances = Instance.objects.filter(series__study=study)
    for report in instances.values_list("report", flat=True).iterator():
        counts.update(report.get("actions", {}))
        profiles[f"{report.get('profile')} {report.get('version')}"] += 1
    return {
        "study": str(study.pk),
        "subject": str(study.subject_id),
        "pseudonym": study.subject.pseudonym,
        "instances": sum(profiles.values()),
        "profiles": dict(sorted(profiles.items())),
        "actions": dict(sorted(counts.items())),
        "series": [
            {"series": str(series.pk), "modality": series.modality, "elements": [_element(*entry) for entry in series.report]}
            for series in study.series.all()
        ],
    }


def _element(tag: str, vr: str, action: str) -> dict[str, str]:
    number = int(tag, 16)
    return {"tag": f"({tag[:4]},{tag[4:]})", "keyword": keyword_for_tag(number), "vr": vr, "action": action}


def k_anonymity(*, project: Project, threshold: int = 5) -> dict[str, Any]:
    """Return the groups of subjects that share age band, sex, scanner and month, and those smaller than ``threshold``, smallest first."""
    members: dict[tuple[str, ...], set[Any]] = {}
    rows = Study.objects.filter(project=project, subject__withdrawn_at=None).values_list("subject", "characteristics")
    for subject, found in rows.iterator():
        members.setdefault(tuple(str(found.get(key, "")) for key in _KEYS), set()).add(subject)
    small = sorted((len(subjects), group) for group, subjects in members.items() if len(subjects) < threshold)
    return {
        "k": min((len(subjects) for subjects in members.values()), default=0),
        "threshold": threshold,
        "groups": len(members),
        "small": [{**dict(zip(_KEYS, group, strict=True)), "subjects": count} for count, group in small[:500]],
        "subjects_in_small_groups": sum(count for count, _ in small),
    }
