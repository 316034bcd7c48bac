"""What allauth asks of us when somebody signs in or out."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.services.audit import audit_record, username_hash


class ClosedSignupAdapter(DefaultAccountAdapter):
    """Accounts are made by a data manager or an operator; signing in, failing to and signing out are in the audit trail."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "This username and password do not fit together.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count attempts by name alone: allauth adds the Host header, and a second host name would be a second five attempts."""
        return username_hash(str(credentials.get("username", "")))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._failed(credentials, "throttled")
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self._failed(credentials, "refused")

    @staticmethod
    def _failed(credentials: dict[str, Any], reason: str) -> None:
        name = username_hash(str(credentials.get("username", "")))
        audit_record(actor=None, verb="session.refuse", object=("username", name), detail={"reason": reason})

    def set_password(self, user: User, password: str) -> None:
        """The person has chosen their own password: the first one has done its work."""
        user.must_change_password = False
        with transaction.atomic():
            super().set_password(user, password)
            audit_record(actor=user, verb="user.password", object=user)

    def login(self, request: HttpRequest, user: User) -> None:
        with transaction.atomic():
            super().login(request, user)
            audit_record(actor=user, verb="session.start", object=user)

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        with transaction.atomic():
            super().logout(request)
            if isinstance(user, User):
                audit_record(actor=user, verb="session.end", object=user)
