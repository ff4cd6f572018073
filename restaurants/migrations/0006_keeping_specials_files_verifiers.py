"""Specials with three slots a place, uploads of pictures, who verified a certificate, and telephones by their digits."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("restaurants", "0005_hours_openings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Special",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True, max_length=2000)),
                ("price", models.CharField(blank=True, help_text="As the place writes it", max_length=60)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("slot", models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddField(
            model_name="certificate",
            name="verifier",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="Who verified it, as in the history: u:<pk>, k:<id>",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="file",
            field=models.CharField(blank=True, editable=False, help_text="Where an upload is stored", max_length=200),
        ),
        migrations.AddIndex(
            model_name="restaurant",
            index=models.Index(
                models.Func(
                    models.Func(
                        "phone_number",
                        models.Value("[^0-9]"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                    ),
                    models.Value("^1([0-9]{10})$"),
                    models.Value("\\1"),
                    function="regexp_replace",
                ),
                name="restaurants_by_digits",
            ),
        ),
        migrations.AddField(
            model_name="special",
            name="restaurant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="specials", to="restaurants.restaurant"
            ),
        ),
        migrations.AddConstraint(
            model_name="special",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="restaurants_special_titled"
            ),
        ),
        migrations.AddConstraint(
            model_name="special",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_at__isnull", True),
                    ("ends_at__isnull", True),
                    ("ends_at__gt", models.F("starts_at")),
                    _connector="OR",
                ),
                name="restaurants_special_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="special",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_active", True), ("slot__in", (1, 2, 3)), ("slot__isnull", False)),
                    models.Q(("is_active", False), ("slot__isnull", True)),
                    _connector="OR",
                ),
                name="restaurants_special_slot_when_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="special",
            constraint=models.UniqueConstraint(fields=("restaurant", "slot"), name="restaurants_special_three_active"),
        ),
    ]
