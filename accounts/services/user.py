"""People's accounts: making them, and changing them. Whoever makes one chooses a first password, and the person changes it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Organisation, User
from accounts.services.audit import audit_record
from config.errors import Conflict, Invalid


def account_create(
    *, username: str, password: str, display_name: str, organisation: Organisation | None, actor: User | None, email: str = ""
) -> User:
    """Make an account and return it. The password is a first one: the person is asked to change it (``must_change_password``).

    Raises :class:`Conflict` ``username_taken``, and :class:`Invalid` ``weak_password`` with what is wrong with it.
    """
    _strong(password)
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise Conflict("This user name is taken. Choose another one, or give the person you mean a role.", code="username_taken")
        user = User.objects.create_user(
            username, email=email, password=password, display_name=display_name, organisation=organisation, must_change_password=True
        )
        audit_record(actor=actor, verb="user.create", object=user)
    return user


def account_change(*, user: User, actor: User, **changes: Any) -> User:
    """Change name, organisation, whether the account is open, or give a new first password; return the person.

    Nobody closes their own account: who closed the last one would lock everybody out.
    """
    if changes.get("is_active") is False and user.pk == actor.pk:
        raise Conflict("You cannot close your own account. Ask another operator.", code="own_account")
    password = changes.pop("password", None)
    if password is not None:
        _strong(password, user)
        user.set_password(password)
        user.must_change_password = True
    for name, value in changes.items():
        setattr(user, name, value)
    with transaction.atomic():
        user.save()
        named = sorted([*changes, *(["password"] if password is not None else [])])
        audit_record(actor=actor, verb="user.change", object=user, detail={"fields": named})
    return user


def _strong(password: str, user: User | None = None) -> None:
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Invalid(" ".join(weak.messages), code="weak_password") from None
