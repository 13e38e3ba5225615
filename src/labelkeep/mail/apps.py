"""The mail room as a Django app: it takes the letters of the rooms below, and registers who sends them."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """See labelkeep.mail."""

    name = "labelkeep.mail"
    label = "mail"

    def ready(self) -> None:
        """Open for letters."""
        from labelkeep.accounts.post import open_office
        from labelkeep.mail import sending
        from labelkeep.operations.registry import handler

        for kind, function in sending.HANDLERS.items():
            handler(kind, attempts=sending.ATTEMPTS)(function)
        open_office(sending.Queue())
