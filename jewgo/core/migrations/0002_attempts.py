import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Attempts",
            fields=[
                ("digest", models.CharField(max_length=32, primary_key=True, serialize=False)),
                (
                    "taken_at",
                    django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None),
                ),
                ("passed", models.BooleanField(verbose_name="the latest one passed")),
                ("ends_at", models.DateTimeField(db_index=True, verbose_name="counts until")),
            ],
            options={
                "verbose_name": "attempts at something limited",
                "verbose_name_plural": "attempts at what is limited",
            },
        ),
    ]
