"""The snapshots room as a Django app: it registers the operations that make and restore backups."""

from datetime import timedelta

from django.apps import AppConfig


class SnapshotsConfig(AppConfig):
    """See labelkeep.snapshots."""

    name = "labelkeep.snapshots"
    label = "snapshots"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say who makes and restores backups, what comes before a removal, and who inherits."""
        from django.db.models.signals import pre_delete

        from labelkeep.operations.chores import chore
        from labelkeep.operations.registry import discards, handler
        from labelkeep.projects.hooks import around_removal, before_removal
        from labelkeep.snapshots import (
            check_backup,
            check_store,
            export_backup,
            heirs,
            import_backup,
            make_backup,
            prune,
            restore_backup,
            safety,
            transfer_backup,
        )

        handler(export_backup.KIND)(export_backup.run)
        handler(import_backup.KIND)(import_backup.run)
        discards(import_backup.KIND)(import_backup.free)
        for kind in make_backup.KINDS:
            handler(kind)(make_backup.run)
        for kind in restore_backup.KINDS:
            handler(kind)(restore_backup.run)
        for kind in transfer_backup.KINDS:
            handler(kind)(transfer_backup.run)
        handler(prune.KIND)(prune.run)
        chore(every=timedelta(days=1))(prune.prune_daily)
        handler(check_backup.KIND)(check_backup.run)
        handler(check_store.KIND)(check_store.run)
        chore(every=timedelta(days=1))(check_store.check_daily)
        around_removal(safety.safely)
        chore(every=timedelta(minutes=10))(safety.let_go)
        before_removal(heirs.note_heirs)
        pre_delete.connect(heirs.leave_organization, sender="accounts.Organization")
