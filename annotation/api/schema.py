"""Label schemas: what can be marked, as data."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from annotation.models import LabelSchema, Structure


class StructureSerializer(serializers.ModelSerializer[Structure]):
    snomed = serializers.CharField(read_only=True, allow_null=True, help_text="SNOMED CT code, null where it is coded in 99SPINE.")
    coding = serializers.DictField(read_only=True, help_text="scheme, code, meaning, laterality")
    geometry = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="M mask, B box, P point, L line, Pg polygon, G grade"
    )
    attributes = serializers.DictField(
        read_only=True, help_text="region, side, below (a disc: the vertebra above it), of (endplates), supernumerary"
    )

    class Meta:
        model = Structure
        fields = ["value", "code", "name", "category", "layer", "colour", "kind", "coding", "snomed", "geometry", "attributes"]


class LabelSchemaSerializer(serializers.ModelSerializer[LabelSchema]):
    layers = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Layers in drawing order.")
    structures = StructureSerializer(many=True, read_only=True)

    class Meta:
        model = LabelSchema
        fields = ["id", "name", "version", "title", "digest", "layers", "structures"]


@extend_schema(tags=["annotation"])
@extend_schema_view(
    list=extend_schema(description="Every label schema in use, with its structures. Values never change within a version."),
    retrieve=extend_schema(description="One label schema."),
)
class LabelSchemaViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[LabelSchema]):
    serializer_class = LabelSchemaSerializer
    queryset = LabelSchema.objects.prefetch_related("structures")
    lookup_value_converter = "uuid"
