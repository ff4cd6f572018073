"""E-mail about alerts, through whatever mail server the settings name."""

from datetime import datetime
from email.utils import format_datetime, parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage

from rollout.models import Delivery
from rollout.news import NotDelivered, subject, text


def send(delivery: Delivery, now: datetime) -> None:
    """Send the message to one address; raises NotDelivered when the mail server did not take it."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        "Message-ID": f"<alert-{delivery.pk or int(now.timestamp())}@{domain}>",  # the same at every try
        "Date": format_datetime(now),
        "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's absence notice answers it
    }
    try:
        EmailMessage(subject(delivery), text(delivery), to=[delivery.target], headers=headers).send()
    except SMTPRecipientsRefused as error:
        is_permanent = all(code >= 500 for code, _ in error.recipients.values())
        raise NotDelivered(f"refused: {error}", is_permanent=is_permanent) from error
    except (SMTPException, OSError) as error:
        raise NotDelivered(f"the mail server did not take it: {type(error).__name__}: {error}") from error
