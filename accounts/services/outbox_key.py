"""The key under which a person's browser seals what it has not sent yet."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from accounts.models import User


def outbox_key(*, user: User) -> bytes:
    """Return 32 bytes that only this person is given while signed in, and that are always the same for them.

    Derived by HMAC-SHA-256 from the installation's secret key, so that nothing is stored: whoever sits down at the same browser
    later finds sealed bytes and no key. Changing the secret key makes unsent work in browsers unreadable.
    """
    return salted_hmac("columna.outbox", str(user.pk), algorithm="sha256").digest()
