"""What an annotation says now, as a revision keeps it."""

from __future__ import annotations

from typing import Any

from annotation.models import Annotation
from annotation.services.planes import digests_of
from annotation.services.revision import chunks_put, content_of, reading_of


def frozen_parts(annotation: Annotation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return content and chunks of a revision that says what the annotation says now. Stores blobs: call it outside any transaction."""
    layers = digests_of(annotation=annotation)
    stacks = annotation.case.stacks.select_related(None)
    return content_of(annotation=annotation, reading=reading_of(annotation), layers=layers, stacks=stacks), _chunks(annotation, layers)


def _chunks(annotation: Annotation, layers: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return raw digest → {"blob", "counts"} for all slices; the annotation's own are stored as blobs here."""
    wanted = {digest for slices in layers.values() for digest in slices.values()}
    inherited = annotation.derived_from.chunks if annotation.derived_from else {}
    chunks = {digest: inherited[digest] for digest in wanted if digest in inherited}
    own = {row.digest: row for row in annotation.chunks.filter(digest__in=wanted - set(chunks))}
    blobs = chunks_put({digest: bytes(row.data) for digest, row in own.items()})
    return chunks | {digest: {"blob": blobs[digest], "counts": row.counts} for digest, row in own.items()}
