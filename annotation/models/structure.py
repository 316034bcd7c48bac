"""A structure: one thing of a label schema that can be marked."""

from __future__ import annotations

from django.db import models

from accounts.models.base import Row


class Structure(Row):
    """``value`` is the integer of the API and of exports; ``code`` the short name (``L5``, ``IVD_L5``); ``layer`` where its mask lies.

    ``coding`` is {scheme, code, meaning, laterality?}: SNOMED CT where the code is free within DICOM, 99SPINE elsewhere.
    ``geometry`` lists how it can be marked (M mask, B box, P point, L line, Pg polygon, G grade, circle); ``attributes`` holds
    the rest of the schema's entry: region, side, the vertebra a disc lies below.
    """

    schema = models.ForeignKey("annotation.LabelSchema", on_delete=models.CASCADE, related_name="structures")
    value = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    category = models.CharField(max_length=32)
    layer = models.CharField(max_length=32)
    colour = models.CharField(max_length=9)
    kind = models.CharField(max_length=16)
    coding = models.JSONField(default=dict)
    geometry = models.JSONField(default=list)
    attributes = models.JSONField(default=dict)

    class Meta:
        ordering = ["value"]
        constraints = [
            models.UniqueConstraint(fields=["schema", "value"], name="structure_value_once"),
            models.UniqueConstraint(fields=["schema", "code"], name="structure_code_once"),
            models.CheckConstraint(condition=models.Q(value__gte=1, value__lte=255), name="structure_value_is_uint8"),
        ]

    @property
    def snomed(self) -> str | None:
        """The SNOMED CT code, or None for a structure coded in 99SPINE."""
        code: str = self.coding.get("code", "")
        return code if self.coding.get("scheme") == "SCT" else None

    def __str__(self) -> str:
        return self.code
