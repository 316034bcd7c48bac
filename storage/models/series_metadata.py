"""What DICOMweb says of a series, kept so that nobody has to open its files again."""

from __future__ import annotations

from django.db import models


class SeriesMetadata(models.Model):
    """``blob`` is the gzip of the DICOM JSON of all instances, in the order DICOMweb lists them.

    It stands for the first ``instances`` objects of the series and for addresses below ``base_url``: when either has changed it is made
    again. ``shared`` holds the attributes that are the same in all of them, for searches.
    """

    series = models.OneToOneField("storage.Series", primary_key=True, on_delete=models.CASCADE, related_name="metadata")
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    instances = models.PositiveIntegerField()
    base_url = models.CharField(max_length=300)
    shared = models.JSONField(default=dict)
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "series metadata"

    def __str__(self) -> str:
        return str(self.series_id)
