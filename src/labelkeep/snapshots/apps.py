"""The snapshots room as a Django app: it registers the operations that make and restore backups."""

from django.apps import AppConfig


class SnapshotsConfig(AppConfig):
    """See labelkeep.snapshots."""

    name = "labelkeep.snapshots"
    label = "snapshots"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say who carries out `export:backup` and `import:backup`."""
        from labelkeep.operations.registry import discards, handler
        from labelkeep.snapshots import export_backup, import_backup

        handler(export_backup.KIND)(export_backup.run)
        handler(import_backup.KIND)(import_backup.run)
        discards(import_backup.KIND)(import_backup.free)
