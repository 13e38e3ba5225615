"""The snapshots room as a Django app: it registers the operations that make and restore backups."""

from django.apps import AppConfig


class SnapshotsConfig(AppConfig):
    """See labelkeep.snapshots."""

    name = "labelkeep.snapshots"
    label = "snapshots"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say who carries out the operations that make and restore backups."""
        from labelkeep.operations.registry import discards, handler
        from labelkeep.snapshots import export_backup, import_backup, make_backup, restore_backup

        handler(export_backup.KIND)(export_backup.run)
        handler(import_backup.KIND)(import_backup.run)
        discards(import_backup.KIND)(import_backup.free)
        for kind in make_backup.KINDS:
            handler(kind)(make_backup.run)
        for kind in restore_backup.KINDS:
            handler(kind)(restore_backup.run)
