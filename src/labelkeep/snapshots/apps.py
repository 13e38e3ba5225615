"""The snapshots room as a Django app: it registers the operations that make and restore backups."""

from django.apps import AppConfig


class SnapshotsConfig(AppConfig):
    """See labelkeep.snapshots."""

    name = "labelkeep.snapshots"
    label = "snapshots"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say who carries out the operations that make and restore backups, and who inherits them."""
        from django.db.models.signals import pre_delete

        from labelkeep.operations.registry import discards, handler
        from labelkeep.projects.hooks import before_removal
        from labelkeep.snapshots import export_backup, heirs, import_backup, make_backup, restore_backup

        handler(export_backup.KIND)(export_backup.run)
        handler(import_backup.KIND)(import_backup.run)
        discards(import_backup.KIND)(import_backup.free)
        for kind in make_backup.KINDS:
            handler(kind)(make_backup.run)
        for kind in restore_backup.KINDS:
            handler(kind)(restore_backup.run)
        before_removal(heirs.note_heirs)
        pre_delete.connect(heirs.leave_organization, sender="accounts.Organization")
