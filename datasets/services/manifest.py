"""A version's manifest: canonical JSON whose SHA-256 is the version's identity."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rfc8785

from annotation.models import LabelSchema
from datasets.formats.levels import MEDIA_TYPE as LEVELS_MEDIA_TYPE
from datasets.formats.levels import levels_bytes
from datasets.formats.nifti import EXPORTER, MEDIA_TYPE
from datasets.models import ExportedFile, Version, VersionFile
from datasets.services.gates import SPLIT_OF_FOLD, Selection, is_labelled
from datasets.services.rendering import image_render, labels_render
from datasets.services.selection import Pin
from datasets.services.signing import author_key
from storage.models import Blob, Stack
from storage.services.blob import blob_put

FORMAT = "columna-manifest-1"
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Manifest:
    """The bytes, and the rows that make the files they name reachable."""

    content: bytes
    files: list[VersionFile]
    counts: dict[str, int]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def manifest_build(*, version: Version, chosen: Selection, progress: Callable[[float, str], None]) -> Manifest:
    """Write every file of the version that is not written yet, and return its manifest. Call it outside any transaction.

    The same rows give the same bytes, whatever the time, the store or the number of attempts.
    """
    builder = _Builder(version, chosen)
    for index, pin in enumerate(chosen.pins):
        builder.add(pin)
        progress(0.95 * (index + 1) / len(chosen.pins), f"case {index + 1} of {len(chosen.pins)}")
    return builder.finish()


class _Builder:
    def __init__(self, version: Version, chosen: Selection) -> None:
        self.version, self.chosen = version, chosen
        self.files: dict[str, dict[str, Any]] = {}
        self.rows: list[VersionFile] = []
        self.subjects: dict[str, dict[str, str]] = {}
        self.annotations: list[dict[str, Any]] = []

    def add(self, pin: Pin) -> None:
        subject = pin.case.subject
        self.subjects[subject.pseudonym] = {"key": subject.pseudonym, "split": SPLIT_OF_FOLD[subject.fold]}
        self.annotations.append(_annotation(pin))
        self._levels(pin)
        for entry in pin.revision.content["stacks"]:
            stack = self.chosen.stacks[entry["stack"]]
            labelled = is_labelled(pin.revision, stack)
            if labelled or self._is_worth_showing(stack):
                self._stack(pin, stack, labelled)

    def _is_worth_showing(self, stack: Stack) -> bool:
        """Training takes labelled stacks only; a release takes the rest of the study too, except what is no regular volume."""
        return self.version.kind == Version.Kind.RELEASE and stack.kind != Stack.Kind.STACK

    def _stack(self, pin: Pin, stack: Stack, labelled: bool) -> None:
        subject = pin.case.subject
        name = f"{_UNSAFE.sub('', stack.series.modality) or 'OT'}-{stack.plane}-{stack.slices_digest[:12]}"
        if f"images/{subject.pseudonym}/{name}.nii.gz" not in self.files:
            self._file(f"images/{subject.pseudonym}/{name}.nii.gz", image_render(stack=stack), MEDIA_TYPE, "image", pin, stack)
        if not labelled:
            return
        if f"labels/{subject.pseudonym}/{name}.nii.gz" in self.files:  # a second protocol's reading of the same stack
            name = f"{name}-{pin.revision.digest[:8]}"
        for layer, file in labels_render(revision=pin.revision, stack=stack).items():
            suffix = f"_{layer}" if layer else ""
            self._file(f"labels/{subject.pseudonym}/{name}{suffix}.nii.gz", file, MEDIA_TYPE, "label", pin, stack)

    def _levels(self, pin: Pin) -> None:
        """What a reading says of the numbering is said once for all of its stacks."""
        structures = pin.case.protocol.schema.structures
        data = levels_bytes(pin.revision.content.get("ladder") or {}, dict(structures.values_list("code", "value")))
        if data is None:
            return
        name = f"labels/{pin.case.subject.pseudonym}/levels"
        path = f"{name}.json" if f"{name}.json" not in self.files else f"{name}-{pin.revision.digest[:8]}.json"
        self._file(path, blob_put(data=data, media_type=LEVELS_MEDIA_TYPE), LEVELS_MEDIA_TYPE, "levels", pin)

    def _file(self, path: str, file: ExportedFile | Blob, media_type: str, role: str, pin: Pin, stack: Stack | None = None) -> None:
        subject = pin.case.subject
        withheld = role != "image" and subject.fold == "sealed"
        self.files[path] = {
            "path": path,
            "sha256": file.digest,
            "size": file.size,
            "media_type": media_type,
            "subject": subject.pseudonym,
            "series": stack.series.series_instance_uid if stack else None,
            "role": role,
            "annotation": str(pin.revision.pk) if role != "image" else None,
            "access": "managers" if withheld else "all",
        }
        self._row(path, file.digest, file.size, media_type, role, pin, withheld)

    def _row(self, path: str, digest: str, size: int, media_type: str, role: str, pin: Pin | None, withheld: bool = False) -> None:
        self.rows.append(
            VersionFile(
                version=self.version,
                path=path,
                digest=digest,
                size=size,
                media_type=media_type,
                role=role,
                subject=pin.case.subject_id if pin else None,
                managers_only=withheld,
            )
        )

    def _document(self, path: str, text: bytes, media_type: str) -> str:
        blob = blob_put(data=text, media_type=media_type)
        shared = {"subject": None, "series": None, "annotation": None}
        self.files[path] = {
            "path": path,
            "sha256": blob.digest,
            "size": blob.size,
            "media_type": media_type,
            "role": "doc",
            "access": "all",
            **shared,
        }
        self._row(path, blob.digest, blob.size, media_type, "doc", None)
        return blob.digest

    def finish(self) -> Manifest:
        version, dataset = self.version, self.version.dataset
        schema = self.chosen.pins[0].case.protocol.schema
        counts = self._counts()
        card = self._document("CARD.md", _card(version, schema, counts).encode(), "text/markdown; charset=utf-8")
        self._document("schema.json", rfc8785.dumps(_schema(schema)), "application/json")
        annotations = sorted(self.annotations, key=lambda annotation: str(annotation["id"]))
        splits = Counter(subject["split"] for subject in self.subjects.values())
        content = rfc8785.dumps(
            {
                "format": FORMAT,
                "dataset": dataset.slug,
                "version": version.number,
                "kind": version.kind,
                "parent": self.chosen.parent.manifest_digest if self.chosen.parent else None,
                "created": version.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "schema": {"id": schema.name, "version": str(schema.version), "digest": schema.digest},
                "licence": dataset.licence,
                "duo": sorted(dataset.duo),
                "card": card,
                "exporter": EXPORTER,
                "splits": {"policy": "by patient, a keyed hash made once at intake", "counts": dict(splits)},
                "subjects": [self.subjects[key] for key in sorted(self.subjects)],
                "files": [self.files[path] for path in sorted(self.files)],
                "annotations": annotations,
                "counts": counts,
            }
        )
        return Manifest(content, sorted(self.rows, key=lambda row: row.path), counts)

    def _counts(self) -> dict[str, int]:
        roles = Counter(file["role"] for file in self.files.values())
        return {
            "subjects": len(self.subjects),
            "cases": len(self.chosen.pins),
            "images": roles["image"],
            "labels": roles["label"],
            "bytes": sum(file["size"] for file in self.files.values()),
        }


def _annotation(pin: Pin) -> dict[str, Any]:
    """Return who read the case, from what, and which bytes say so. Readers appear under a pseudonym."""
    annotation = pin.revision.annotation
    return {
        "id": str(pin.revision.pk),
        "payload": pin.revision.digest,
        "author_key": author_key(annotation.author_id) if annotation.author_id else None,
        "role": annotation.author_kind,
        "model": str(annotation.model_version) if annotation.model_version else None,
        "derived_from": pin.revision.content["derived_from"],
        "active_seconds": None,
        "readers": 1,
        "agreement": None,
    }


def _schema(schema: LabelSchema) -> dict[str, Any]:
    """Return the label schema as a document: which integer means what."""
    structures = [
        {"value": one.value, "code": one.code, "name": one.name, "layer": one.layer, "coding": one.coding}
        for one in schema.structures.order_by("value")
    ]
    return {"id": schema.name, "version": str(schema.version), "digest": schema.digest, "layers": schema.layers, "structures": structures}


def _card(version: Version, schema: LabelSchema, counts: dict[str, int]) -> str:
    dataset = version.dataset
    return f"""# {dataset.name} {version.number}

{dataset.description or "No description was given."}

- Licence: {dataset.licence or "none named"}
- Label schema: {schema.name} {schema.version}; `schema.json` says which integer means which structure
- Patients: {counts["subjects"]}, images: {counts["images"]}, label volumes: {counts["labels"]}

Images are `images/PATIENT/NAME.nii.gz`, labels `labels/PATIENT/NAME.nii.gz` on the same grid (uint8). Where structures of two layers
overlap, each layer has a file of its own, `NAME_LAYER.nii.gz`, and `NAME.nii.gz` keeps the first layer of the schema. Grids are RAS millimetres, sform and
qform alike, without shear; both codes are 0 for radiographs and whatever else has no place in the patient. `labels/PATIENT/levels.json`
is the numbering of the spine: the variant (11 to 13 thoracic, 4 to 6 lumbar, transitional with its Castellvi type), what it was
counted from, and where the reader was unsure.

The split of a patient is fixed for good. Labels of `test` patients are withheld unless you were granted them.
"""
