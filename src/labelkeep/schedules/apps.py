"""The schedules room as a Django app: it registers the chores that start backups, watch them and let old ones
go, and who delivers what webhooks are told."""

from datetime import timedelta

from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    """See labelkeep.schedules."""

    name = "labelkeep.schedules"
    label = "schedules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what is done now and then, and who is told when a backup was made."""
        from django.db.models.signals import post_save

        from labelkeep.operations.chores import chore
        from labelkeep.operations.registry import discards, handler
        from labelkeep.schedules import delivering, overdue, retain, tick, upkeep, watch
        from labelkeep.snapshots.hooks import after_skip

        chore(every=timedelta(seconds=20))(tick.tick)
        chore(every=timedelta(seconds=60))(retain.retain_all)
        chore(every=timedelta(seconds=60))(overdue.look_for_overdue)
        chore(every=timedelta(seconds=60))(watch.look_for_failures)
        chore(every=timedelta(seconds=60))(watch.look_for_damage)
        chore(every=timedelta(hours=1))(upkeep.forget_old)
        handler(delivering.KIND, attempts=delivering.ATTEMPTS)(delivering.run)
        discards(delivering.KIND)(delivering.settle)
        post_save.connect(watch.backup_saved, sender="snapshots.Backup")
        after_skip(watch.covered)
