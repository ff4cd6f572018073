from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0002_attempts")]

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "digest",
                    models.CharField(
                        max_length=32, primary_key=True, serialize=False, verbose_name="caller, route and key"
                    ),
                ),
                ("claim", models.UUIDField(verbose_name="the request that has the key")),
                ("fingerprint", models.CharField(max_length=32, verbose_name="what was asked")),
                ("status", models.PositiveSmallIntegerField()),
                ("headers", models.JSONField()),
                ("body", models.BinaryField()),
                ("ends_at", models.DateTimeField(db_index=True, verbose_name="kept until")),
            ],
            options={
                "verbose_name": "answer to a POST that may be repeated",
                "verbose_name_plural": "answers to POSTs that may be repeated",
            },
        ),
    ]
