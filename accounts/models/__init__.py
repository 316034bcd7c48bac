"""Who: people, organisations, projects, roles, tokens and the audit trail."""

from accounts.models.access_token import AccessToken
from accounts.models.audit_event import AuditEvent
from accounts.models.base import Row
from accounts.models.membership import Membership, Role
from accounts.models.organisation import Organisation
from accounts.models.project import Project
from accounts.models.user import User

__all__ = ["AccessToken", "AuditEvent", "Membership", "Organisation", "Project", "Role", "Row", "User"]
