"""Grading forms."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.services.form import forms_all


class FormValueSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF collects declared fields, whatever they are called
    text = serializers.CharField(help_text="What it looks like, in our own words.")
    key = serializers.CharField(required=False, help_text="The key that sets it.")
    coding = serializers.DictField(required=False)


class FormSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    scope = serializers.CharField(help_text="study, vertebra, disc, disc_side or endplate.")
    ordinal = serializers.BooleanField()
    levels = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Vertebrae (for a disc: the one above) it applies to."
    )
    modalities = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField()  # type: ignore[assignment]  # as above
    values = FormValueSerializer(many=True)
    modifiers = serializers.ListField(child=serializers.DictField(), required=False)


class FormListView(APIView):
    @extend_schema(tags=["annotation"], operation_id="forms_list", responses=FormSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Return every grading form. Each also takes `not_assessable` and `not_present`; a protocol's recipe names those in use."""
        return Response(list(forms_all().values()))
