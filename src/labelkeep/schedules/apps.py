"""The schedules room as a Django app: it registers the chores that start backups and let old ones go."""

from datetime import timedelta

from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    """See labelkeep.schedules."""

    name = "labelkeep.schedules"
    label = "schedules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what is done now and then."""
        from labelkeep.operations.chores import chore
        from labelkeep.schedules import retain, tick

        chore(every=timedelta(seconds=20))(tick.tick)
        chore(every=timedelta(seconds=60))(retain.retain_all)
