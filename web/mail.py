"""Sends mail, off the request's thread: nobody waits for a mail server, and no answer tells who exists."""

import smtplib
import threading
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import structlog

from config.settings import Settings

log = structlog.get_logger()
PATIENCE_S = 20


class Mailer:
    """The mail server of these settings; without one, mail is not sent and the log says so."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send_soon(self, to: str, subject: str, text: str) -> None:
        """Send a mail in a thread of its own."""
        if self._settings.smtp_host is None:
            log.error("mail not sent: SMTP_HOST is not set", subject=subject)
            return
        message = EmailMessage()
        message["From"] = self._settings.smtp_from or "motorpool@localhost"
        message["To"], message["Subject"] = to, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="motorpool.invalid")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        threading.Thread(target=self._send, args=(message,), name="mail", daemon=True).start()

    def _send(self, message: EmailMessage) -> None:
        settings = self._settings
        try:
            with smtplib.SMTP(settings.smtp_host or "", settings.smtp_port, timeout=PATIENCE_S) as server:
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls()
                    server.ehlo()
                if settings.smtp_username and settings.smtp_password:
                    server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
                server.send_message(message)
            log.info("mail sent", subject=message["Subject"])
        except (OSError, smtplib.SMTPException) as error:
            log.error("mail not sent", subject=message["Subject"], reason=type(error).__name__)
