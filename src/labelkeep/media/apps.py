from django.apps import AppConfig


class MediaConfig(AppConfig):
    name = "labelkeep.media"
    label = "media"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from labelkeep.media import upkeep  # noqa: F401  # registers its chores
