"""Bringing label schemas from their data files into the database."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import rfc8785
from django.db import transaction

from annotation.models import LabelSchema, Structure
from config.errors import Conflict, Missing

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
_OWN_FIELDS = ("value", "code", "name", "category", "layer", "colour", "kind", "coding", "geometry")


def schema_read(*, name: str, version: int) -> dict[str, Any]:
    """Return a schema as its file holds it. Raises :class:`config.errors.Missing`."""
    path = FOLDER / f"{name}-{version}.json"
    if not path.is_file():
        raise Missing(f"There is no label schema {name} {version}; {', '.join(sorted(file.stem for file in FOLDER.glob('*.json')))} exist.")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def schema_ensure(*, name: str = "spine-core", version: int = 1) -> LabelSchema:
    """Return the schema's row with its structures, made from the file if it is not there.

    A row whose digest differs from the file raises :class:`Conflict`: values never change within a version.
    """
    document = schema_read(name=name, version=version)
    digest = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    with transaction.atomic():
        defaults = {"title": document["title"], "digest": digest, "layers": document["layers"]}
        schema, new = LabelSchema.objects.get_or_create(name=name, version=version, defaults=defaults)
        if new:
            Structure.objects.bulk_create([_structure(schema, entry) for entry in document["structures"]])
    if schema.digest != digest:
        raise Conflict(f"The file of {name} {version} differs from the version in use. A changed schema is a new version.")
    return schema


def _structure(schema: LabelSchema, entry: dict[str, Any]) -> Structure:
    own = {name: entry[name] for name in _OWN_FIELDS}
    return Structure(schema=schema, attributes={name: value for name, value in entry.items() if name not in own}, **own)


_GEOMETRIES = {"circle": "circle"}
_LAYERS = {
    "instances": "what can be told apart and never overlaps: vertebrae, sacrum, discs, muscles, femoral heads",
    "canal": "the canal and what runs in it or leaves it",
    "subregions": "parts of a vertebra, over the vertebra",
    "lesions": "what is wrong, over everything",
    "implants": "what was put in, over everything",
}


def schema_page(*, name: str, version: int) -> str:
    """Return the reference page of a schema, as Markdown."""
    document = schema_read(name=name, version=version)
    digest = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    short = {key: word for key, word in document["geometries"].items() if key not in _GEOMETRIES}
    lines = [
        f"# Labels: {name} {version}",
        "",
        document["about"],
        "",
        f"Digest (SHA-256 of the canonical JSON): `{digest}`. A changed value is a new version, never an edit.",
        "",
        "Geometry: " + ", ".join(f"{key} {word}" for key, word in short.items()) + ", circle.",
        "",
    ]
    for layer in document["layers"]:
        lines += [
            f"## Layer `{layer}`",
            "",
            f"For {_LAYERS[layer]}.",
            "",
            "| value | code | name | coding | colour | geometry |",
            "|---|---|---|---|---|---|",
        ]
        for entry in (entry for entry in document["structures"] if entry["layer"] == layer):
            coding = entry["coding"]
            side = f", {coding['laterality']['meaning'].lower()}" if "laterality" in coding else ""
            code = f"{coding['scheme']} {coding['code']}{side}"
            lines.append(
                f"| {entry['value']} | `{entry['code']}` | {entry['name']} | {code} | {entry['colour']} | {' '.join(entry['geometry'])} |"
            )
        lines.append("")
    return "\n".join(lines)
