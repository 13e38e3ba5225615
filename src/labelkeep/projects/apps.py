"""The projects room as a Django app: it registers the operation that gives a task its frames."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """See labelkeep.projects."""

    name = "labelkeep.projects"
    label = "projects"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say who carries out `create:task`, and who clears up when it is cancelled."""
        from labelkeep.operations.registry import discards, handler
        from labelkeep.projects.actions import attach_data

        handler(attach_data.KIND)(attach_data.run)
        discards(attach_data.KIND)(attach_data.free)
