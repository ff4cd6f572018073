"""Flags, votes, replies and the history of what was done with reviews."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("restaurants", "0007_ownership_and_stars"),
        ("reviews", "0002_discovery_ratings_add_up"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("review_id", models.BigIntegerField(db_index=True)),
                ("restaurant_id", models.BigIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "actor",
                    models.CharField(help_text="u:<pk>, k:<id>, or `flags` where their number did it", max_length=100),
                ),
                ("action", models.CharField(max_length=15)),
                ("before", models.CharField(help_text="The state before", max_length=10)),
                ("after", models.CharField(blank=True, help_text="The state then; empty: deleted", max_length=10)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("notes", models.TextField(blank=True)),
                ("version", models.PositiveIntegerField(help_text="The review's version then")),
                ("request_id", models.CharField(blank=True, max_length=128)),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["actor", "-id"], name="reviews_event_by_actor")],
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("inappropriate", "Inappropriate"),
                            ("spam", "Spam"),
                            ("fake", "Fake"),
                            ("offensive", "Offensive"),
                            ("irrelevant", "Irrelevant"),
                            ("other", "Other"),
                        ],
                        max_length=15,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("upheld", "Upheld"), ("dismissed", "Dismissed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                (
                    "review",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="reply",
                        serialize=False,
                        to="reviews.review",
                    ),
                ),
                ("content", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "replies",
            },
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddField(
            model_name="review",
            name="open_flag_count",
            field=models.PositiveIntegerField(default=0, editable=False, help_text="Flags that nobody has judged"),
        ),
        migrations.AddField(
            model_name="review",
            name="state_reason",
            field=models.CharField(blank=True, help_text="Why; the author reads it", max_length=500),
        ),
        migrations.AlterField(
            model_name="review",
            name="moderator_notes",
            field=models.TextField(blank=True, help_text="For moderators only"),
        ),
        migrations.AlterField(
            model_name="review",
            name="report_count",
            field=models.PositiveIntegerField(default=0, editable=False, help_text="Flags that were not dismissed"),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["state", "updated_at", "id"], name="reviews_waiting"),
        ),
        migrations.AddField(
            model_name="flag",
            name="decision",
            field=models.ForeignKey(
                blank=True,
                help_text="Who judged it, and when",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flags",
                to="reviews.event",
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="flags", to="reviews.review"
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="votes", to="reviews.review"
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(fields=("review", "user"), name="reviews_flag_once"),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reason__in", ["inappropriate", "spam", "fake", "offensive", "irrelevant", "other"])
                ),
                name="reviews_flag_known_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason", "other"), _negated=True), models.Q(("note", ""), _negated=True), _connector="OR"
                ),
                name="reviews_flag_other_says_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decision__isnull", True), ("state", "open")),
                    models.Q(("decision__isnull", False), ("state__in", ["upheld", "dismissed"])),
                    _connector="OR",
                ),
                name="reviews_flag_open_until_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(django.db.models.functions.text.Length("content"), 2),
                    django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length("content"), 1000),
                ),
                name="reviews_reply_content_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(fields=("review", "user"), name="reviews_vote_once"),
        ),
    ]
