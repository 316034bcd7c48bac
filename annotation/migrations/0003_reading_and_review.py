"""Reading modes, reviews and adjudications. Revisions are remade on SQLite, so their triggers are put back at the end."""

from importlib import import_module

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


_TRIGGERS = import_module("annotation.migrations.0002_immutable")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_cache_table"),
        ("annotation", "0002_immutable"),
        ("storage", "0002_requests_and_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(_TRIGGERS.remove, _TRIGGERS.install),
        migrations.CreateModel(
            name="Adjudication",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("findings", models.JSONField(default=list)),
                ("agreement", models.JSONField(default=dict)),
                ("picks", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("done", "Done"), ("returned", "Returned")], default="open", max_length=16),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("verdict", models.CharField(choices=[("accept", "Accept"), ("return", "Return")], max_length=8)),
                ("note", models.TextField(blank=True)),
                ("place", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="case",
            name="case_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="revision",
            name="revision_kind_known",
        ),
        migrations.AddField(
            model_name="annotation",
            name="blind",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="read_on", to="annotation.revision"
            ),
        ),
        migrations.AddField(
            model_name="annotation",
            name="effort",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="protocol",
            name="readers",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="protocol",
            name="review",
            field=models.CharField(
                choices=[("never", "Never"), ("disagreement", "When readers disagree"), ("always", "Always")],
                default="never",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="protocol",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="case",
            name="state",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("proposed", "Proposed"),
                    ("open", "Open"),
                    ("submitted", "Submitted"),
                    ("review", "Review"),
                    ("accepted", "Accepted"),
                ],
                db_index=True,
                default="new",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="revision",
            name="kind",
            field=models.CharField(
                choices=[("submit", "Submit"), ("proposal", "Proposal"), ("import", "Import"), ("blind", "Blind")], max_length=16
            ),
        ),
        migrations.AddConstraint(
            model_name="annotation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("author_kind", "adjudicator"), ("branch_of__isnull", True), ("state", "draft")),
                fields=("case",),
                name="annotation_one_consensus",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["new", "proposed", "open", "submitted", "review", "accepted"])), name="case_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="protocol",
            constraint=models.CheckConstraint(
                condition=models.Q(("readers__gte", 1), ("readers__lte", 3)), name="protocol_one_to_three_readers"
            ),
        ),
        migrations.AddConstraint(
            model_name="protocol",
            constraint=models.CheckConstraint(
                condition=models.Q(("review__in", ["never", "disagreement", "always"])), name="protocol_review_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["submit", "proposal", "import", "blind"])), name="revision_kind_known"
            ),
        ),
        migrations.AddField(
            model_name="adjudication",
            name="a",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="adjudications_as_a", to="annotation.revision"
            ),
        ),
        migrations.AddField(
            model_name="adjudication",
            name="b",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="adjudications_as_b", to="annotation.revision"
            ),
        ),
        migrations.AddField(
            model_name="adjudication",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="adjudications", to="annotation.case"),
        ),
        migrations.AddField(
            model_name="adjudication",
            name="consensus",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="adjudications", to="annotation.annotation"
            ),
        ),
        migrations.AddField(
            model_name="adjudication",
            name="project",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="adjudications", to="accounts.project"),
        ),
        migrations.AddField(
            model_name="review",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="annotation.case"),
        ),
        migrations.AddField(
            model_name="review",
            name="project",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="accounts.project"),
        ),
        migrations.AddField(
            model_name="review",
            name="reviewer",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="review",
            name="revision",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="annotation.revision"),
        ),
        migrations.AddConstraint(
            model_name="adjudication",
            constraint=models.UniqueConstraint(fields=("a", "b"), name="adjudication_once"),
        ),
        migrations.AddConstraint(
            model_name="adjudication",
            constraint=models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("case",), name="adjudication_one_open"),
        ),
        migrations.AddConstraint(
            model_name="adjudication",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "done", "returned"])), name="adjudication_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(condition=models.Q(("verdict__in", ["accept", "return"])), name="review_verdict_known"),
        ),
        migrations.RunPython(_TRIGGERS.install, _TRIGGERS.remove),
    ]
