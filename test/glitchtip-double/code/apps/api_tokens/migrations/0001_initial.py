"""The table of API tokens."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.api_tokens.models


class Migration(migrations.Migration):
    """Runs once."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="APIToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "token",
                    models.CharField(
                        default=apps.api_tokens.models.generate_token, max_length=64, unique=True
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=255)),
                ("scopes", models.BigIntegerField(default=0)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
