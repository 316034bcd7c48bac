"""What a program pulls of a version: manifest, signature, files, tombstones, receipt."""

from __future__ import annotations

import json
from typing import Any

import rfc8785
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from accounts.abilities import may, require
from accounts.authentication import person_of
from config.errors import Forbidden, Gone, Missing
from datasets.api.blob import blob_response, not_modified, span_of, unchanged
from datasets.models import Dataset, Tombstone, Version, VersionFile
from datasets.services.pull import download_record, receipt_create
from datasets.services.signing import public_key_pem, sign
from datasets.services.version import MANIFEST_MEDIA_TYPE
from storage.services.blob import blob_get

_RANGE = OpenApiParameter("Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="One range of bytes, to go on after a break.")


class SignatureSerializer(serializers.Serializer[dict[str, str]]):
    algorithm = serializers.CharField(help_text="`ed25519`")
    manifest_digest = serializers.CharField()
    signature = serializers.CharField(help_text="128 hex digits, over the manifest's bytes.")


class SigningKeySerializer(serializers.Serializer[dict[str, str]]):
    algorithm = serializers.CharField(help_text="`ed25519`")
    public_key = serializers.CharField(help_text="PEM, as `openssl pkeyutl -verify -rawin` takes it.")


class TombstoneSerializer(serializers.ModelSerializer[Tombstone]):
    digests = serializers.ListField(child=serializers.CharField(), help_text="SHA-256 of the files that are gone.")

    class Meta:
        model = Tombstone
        fields = ["id", "digests", "reason", "created_at"]


class TombstoneListSerializer(serializers.Serializer[dict[str, Any]]):
    dataset = serializers.CharField()
    tombstones = TombstoneSerializer(many=True)


class TombstonesSerializer(serializers.Serializer[dict[str, Any]]):
    content = TombstoneListSerializer()
    signature = serializers.CharField(help_text="Ed25519 over the content's canonical JSON (RFC 8785), 128 hex digits.")


class ReceiptSerializer(serializers.Serializer[dict[str, Any]]):
    content = serializers.DictField(help_text="Who pulled which version when.")
    signature = serializers.CharField(help_text="Ed25519 over the content's canonical JSON (RFC 8785), 128 hex digits.")


class PullView(APIView):
    """The version in the address, with its manifest, for somebody who may pull."""

    pull_methods = frozenset({"GET"})

    def version(self, request: Request) -> Version:
        person = person_of(request)
        dataset = get_object_or_404(Dataset.objects.visible_to(person), slug=self.kwargs["slug"])
        found = Version.objects.visible_to(person).with_manifest().filter(dataset=dataset, number=self.kwargs["number"])
        version = found.select_related("dataset__project").order_by("-created_at").first()
        if version is None:
            raise Missing("There is no such version, it is not frozen yet, or you may not see it.")
        require(person, "dataset.pull", version.dataset.project)
        return version


class ManifestView(PullView):
    @extend_schema(
        operation_id="version_manifest", tags=["datasets"], responses={(200, MANIFEST_MEDIA_TYPE): OpenApiTypes.BINARY, 304: None}
    )
    def get(self, request: Request, slug: str, number: str) -> HttpResponseBase:
        """Return the manifest: canonical JSON whose SHA-256 is its ETag and the version's identity."""
        version = self.version(request)
        if not_modified(request, version.manifest_digest):
            return unchanged(version.manifest_digest)
        size = blob_get(digest=version.manifest_digest).size
        span = span_of(request, version.manifest_digest, size)
        return blob_response(request, digest=version.manifest_digest, span=span, media_type=MANIFEST_MEDIA_TYPE)


class SignatureView(PullView):
    @extend_schema(operation_id="version_signature", tags=["datasets"], responses=SignatureSerializer)
    def get(self, request: Request, slug: str, number: str) -> Response:
        """Return the signature of the manifest."""
        version = self.version(request)
        return Response({"algorithm": "ed25519", "manifest_digest": version.manifest_digest, "signature": version.signature})


class TombstonesView(PullView):
    @extend_schema(operation_id="version_tombstones", tags=["datasets"], responses=TombstonesSerializer)
    def get(self, request: Request, slug: str, number: str) -> Response:
        """Return what was withdrawn from the dataset: these files are to be deleted wherever they lie."""
        dataset = self.version(request).dataset
        listed = TombstoneListSerializer({"dataset": dataset.slug, "tombstones": dataset.tombstones.all()}).data
        content = json.loads(json.dumps(listed, cls=JSONEncoder))
        return Response({"content": content, "signature": sign(rfc8785.dumps(content))})


class BlobView(PullView):
    @extend_schema(
        operation_id="version_blob",
        tags=["datasets"],
        parameters=[_RANGE],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: None,
            410: OpenApiResponse(description="Withdrawn; `state.tombstone` names the tombstone."),
        },
    )
    def get(self, request: Request, slug: str, number: str, digest: str) -> HttpResponseBase:
        """Return one file of the version. A blob is reachable through a version that has it, and in no other way."""
        version = self.version(request)
        file = self._file(request, version, digest)
        if not_modified(request, digest):
            return unchanged(digest)
        span = span_of(request, digest, file.size)
        response = blob_response(request, digest=digest, span=span, media_type=file.media_type)
        download_record(version=version, user=person_of(request), digest=digest, first=span.first, size=span.length)
        return response

    def _file(self, request: Request, version: Version, digest: str) -> VersionFile:
        files = list(VersionFile.objects.filter(version=version, digest=digest))
        if not files:
            raise Missing("This version has no such file.")
        living = [file for file in files if file.tombstone_id is None]
        if not living:
            raise Gone("This file was withdrawn.", state={"tombstone": str(files[0].tombstone_id)})
        manages = may(person_of(request), "dataset.manage", version.dataset.project)
        for file in living:
            if manages or not file.managers_only:
                return file
        raise Forbidden("Labels of test patients are withheld.", code="withheld")


class ReceiptView(PullView):
    pull_methods = frozenset({"POST"})

    @extend_schema(operation_id="version_pull", tags=["datasets"], request=None, responses={201: ReceiptSerializer})
    def post(self, request: Request, slug: str, number: str) -> Response:
        """Announce a pull and get its signed receipt."""
        receipt = receipt_create(version=self.version(request), user=person_of(request))
        return Response({"content": receipt.content, "signature": receipt.signature}, status=status.HTTP_201_CREATED)


class SigningKeyView(APIView):
    pull_methods = frozenset({"GET"})

    @extend_schema(operation_id="signing_key", tags=["datasets"], responses=SigningKeySerializer)
    def get(self, request: Request) -> Response:
        """Return the key that verifies manifests and receipts of this server."""
        return Response({"algorithm": "ed25519", "public_key": public_key_pem()})
