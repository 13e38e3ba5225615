"""The mail server that LABELKEEP_SMTP_URL names, and giving it a letter.

What it answers becomes one sentence of ours that says what failed. The password is in none: not in a message, not in a
log, not in `repr`.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.utils import formatdate, parseaddr
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.validators import validate_email

from labelkeep.configuration import Configuration
from labelkeep.errors import BadInput, LabelkeepError, MailDelayed, MailFailed
from labelkeep.mail.letters import Letter

TIMEOUT = 10  # seconds for each answer of the mail server
_FORM = "LABELKEEP_SMTP_URL: the form is smtp://user:password@host:port or smtps://…, with ?starttls=yes or no"


@dataclass(frozen=True)
class MailServer:
    """Where letters are given in. `tls` from the first byte, `starttls` after the greeting."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """What it is called in sentences."""
        return f"{self.host}:{self.port}"


def parse(url: str) -> MailServer:
    """Read the setting. STARTTLS is asked for unless it says `?starttls=no`; then a password goes in clear.

    Raises:
        BadInput: it is not of the form; the sentence does not repeat it.
    """
    try:
        parts = urlsplit(url)
        port, options = parts.port, parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError as error:
        raise BadInput(_FORM) from error
    wanted = options.pop("starttls", ["yes"])[-1]
    if not unquote(f"{parts.username}{parts.password}").isascii():
        raise BadInput(
            "LABELKEEP_SMTP_URL: user and password have to be ASCII, nothing else can be sent to a mail server"
        )
    is_whole = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.path in ("", "/") and not parts.fragment
    if not is_whole or options or wanted not in ("yes", "no"):
        raise BadInput(_FORM)
    return _server(parts, port, wanted == "yes")


def _server(parts: SplitResult, port: int | None, starttls: bool) -> MailServer:
    tls = parts.scheme == "smtps"
    return MailServer(
        host=str(parts.hostname),
        port=port or (465 if tls else 587 if starttls else 25),
        tls=tls,
        starttls=starttls and not tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def sender(configuration: Configuration) -> str:
    """Who letters are from: LABELKEEP_MAIL_FROM, else a name at the host that people know.

    Raises:
        BadInput: the setting is no address.
    """
    host = urlsplit(configuration.public_url).hostname or "localhost"
    text = configuration.mail_from or f"Labelkeep <labelkeep@{host}>"
    _, address = parseaddr(text)
    try:
        if configuration.mail_from:
            validate_email(address)
    except ValidationError as error:
        raise BadInput(f"LABELKEEP_MAIL_FROM: {text!r} is no e-mail address") from error
    return text


def send(letter: Letter, *, configuration: Configuration, reference: str) -> None:
    """Give a letter to the mail server. `reference` names it, so that one that is sent twice can be known as one.

    Raises:
        BadInput: a setting cannot be read.
        MailDelayed: not this time. MailFailed: never.
    """
    server = parse(configuration.smtp_url)
    origin = sender(configuration)
    headers = {
        "Message-ID": f"<{reference}@{parseaddr(origin)[1].rpartition('@')[2]}>",
        "Date": formatdate(),
        "Auto-Submitted": "auto-generated",
    }
    message = EmailMessage(letter.subject, letter.text, origin, [letter.to], headers=headers)
    try:
        _connection(server).send_messages([message])
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _told(error, server) from error


def _connection(server: MailServer) -> EmailBackend:
    return EmailBackend(
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.starttls,
        use_ssl=server.tls,
        timeout=TIMEOUT,
        fail_silently=False,
    )


def _told(error: Exception, server: MailServer) -> LabelkeepError:
    """The failure as a sentence, and whether trying again can help: refused for good is a letter, never the server."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return _by_code(code, f"{server.name} does not take mail for this address: {_answer(code, text)}")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailDelayed(f"{server.name} refuses the user or the password: {_said(error)}")
    if isinstance(error, smtplib.SMTPSenderRefused):
        return MailDelayed(f"{server.name} refuses the sender (LABELKEEP_MAIL_FROM): {_said(error)}")
    if isinstance(error, smtplib.SMTPDataError):
        return _by_code(error.smtp_code, f"{server.name} refuses the letter: {_said(error)}")
    if isinstance(error, smtplib.SMTPResponseException):
        return MailDelayed(f"{server.name} answers: {_said(error)}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailDelayed(f"{server.name} cannot do what LABELKEEP_SMTP_URL asks for: {error}")
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "verify_message", error.reason)
        return MailDelayed(f"{server.name} cannot be spoken to through TLS: {why}")
    if isinstance(error, ValueError):
        return MailFailed(f"the letter cannot be sent: {error}")
    return MailDelayed(f"{server.name} cannot be reached: {error}")


def _by_code(code: int, sentence: str) -> MailFailed:
    return MailFailed(sentence) if code >= 500 else MailDelayed(sentence)


def _said(error: smtplib.SMTPResponseException) -> str:
    return _answer(error.smtp_code, error.smtp_error)


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"[:300]
