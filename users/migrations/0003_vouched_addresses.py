from django.db import migrations


def vouch(apps, _):
    """Whoever is here was made by an operator: people could not sign up yet."""
    known = apps.get_model("account", "EmailAddress").objects
    people = apps.get_model("users", "User").objects.exclude(pk__in=known.values("user"))
    addresses = (known.model(user=user, email=user.email, verified=True, primary=True) for user in people.iterator())
    known.bulk_create(addresses, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("users", "0002_role_grants"), ("account", "0009_emailaddress_unique_primary_email")]

    operations = [migrations.RunPython(vouch, migrations.RunPython.noop)]
