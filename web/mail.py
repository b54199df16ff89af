"""Sends mail, off the request's thread: nobody waits for a mail server, and no answer tells who exists."""

import ipaddress
import smtplib
import ssl
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import structlog
from flask import copy_current_request_context
from werkzeug.exceptions import HTTPException

from config.settings import Settings

log = structlog.get_logger()
PATIENCE_S = 20
IMPLICIT_TLS_PORT = 465


class Mailer:
    """The mail server of these settings; without one, mail is not sent and the log says so."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def is_ready(self) -> bool:
        """Whether there is a mail server to send with."""
        return self._settings.smtp_host is not None

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand one mail to the server; where that fails, the log says why."""
        if not self.is_ready:
            log.error("mail not sent: SMTP_HOST is not set", subject=subject)
            return
        try:
            with self._connect() as server:
                server.send_message(self._write(to, subject, text), to_addrs=[to])
            log.info("mail sent", subject=subject)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            log.error("mail not sent", subject=subject, reason=f"{type(error).__name__}: {error}")

    def _connect(self) -> smtplib.SMTP:
        """A connection that is encrypted where the server can, and always before a password is sent."""
        settings, host = self._settings, self._settings.smtp_host or ""
        trust = ssl.create_default_context()
        server: smtplib.SMTP
        if settings.smtp_port == IMPLICIT_TLS_PORT:
            server = smtplib.SMTP_SSL(host, settings.smtp_port, timeout=PATIENCE_S, context=trust)
        else:
            server = smtplib.SMTP(host, settings.smtp_port, timeout=PATIENCE_S)
        try:
            server.ehlo()
            is_private = settings.smtp_port == IMPLICIT_TLS_PORT
            if not is_private and server.has_extn("starttls"):
                server.starttls(context=trust)
                server.ehlo()
                is_private = True
            if settings.smtp_username and settings.smtp_password:
                if not is_private and not _is_this_machine(host):
                    raise smtplib.SMTPException("the server offers no TLS to send the password through")
                server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _write(self, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.smtp_from or "motorpool@localhost"
        message["To"], message["Subject"] = to, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="motorpool.invalid")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message


def do_soon(task: Callable[[], None]) -> None:
    """Do what a mail needs after the answer: how long it takes tells nobody who exists."""

    @copy_current_request_context
    def do() -> None:
        try:
            task()
        except HTTPException as error:  # the database is away
            log.error("mail not sent", reason=error.description)

    threading.Thread(target=do, name="mail", daemon=True).start()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
