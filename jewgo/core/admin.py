"""Where staff set the end of the v3 contract."""

from django.contrib import admin

from jewgo.core.models import Sunset


@admin.register(Sunset)
class SunsetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # subscriptable for type checkers only
    list_display = ["contract", "at"]
