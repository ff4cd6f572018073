"""Who may see, stop and move features: permissions, and three groups that staff are put into."""

from typing import Any

from django.db import migrations

MODELS = ("flag", "step", "override", "drill", "worker", "guard", "stagechange", "flightrecord", "alert")
OWN = [
    ("advance_flag", "Can move features forward"),
    ("rollback_flag", "Can roll features back, and hold them where they are"),
    ("override_flag", "Can put an identity in or out, and choose testers"),
    ("drill_flag", "Can inject faults on purpose"),
]
GROUPS = {
    "Rollout viewers": [f"view_{name}" for name in MODELS],
    "Rollout operators": [*(f"view_{name}" for name in MODELS), "rollback_flag", "change_alert"],
    "Release managers": [
        *(f"view_{name}" for name in MODELS),
        *(f"{action}_flag" for action in ("change", "advance", "rollback", "override", "drill")),
        "change_alert",
    ],
}


def create(apps: Any, _editor: Any) -> None:
    """Make the groups, and the permissions they hold; Django makes those only after all migrations."""
    content_types = apps.get_model("contenttypes", "ContentType")
    permissions = apps.get_model("auth", "Permission")
    names = dict(OWN)
    for group_name, codenames in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=group_name)
        for codename in codenames:
            kind, _ = content_types.objects.get_or_create(app_label="rollout", model=codename.rpartition("_")[2])
            name = names.get(codename, f"Can {codename.replace('_', ' ')}")
            held, _ = permissions.objects.get_or_create(content_type=kind, codename=codename, defaults={"name": name})
            group.permissions.add(held)


def remove(apps: Any, _editor: Any) -> None:
    """Take the groups away."""
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0003_health"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="flag",
            options={
                "permissions": OWN,
                "verbose_name": "feature",
                "verbose_name_plural": "features",
            },
        ),
        migrations.RunPython(create, remove),
    ]
