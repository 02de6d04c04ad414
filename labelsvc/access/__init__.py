"""Use cases: who may do what. API keys for clients; users, who sign in with a password and get a session."""

from labelsvc.access.keys import add_key, authenticate, list_keys, revoke_key
from labelsvc.access.roles import ROLES, Client, Role
from labelsvc.access.sessions import Door, Entered, enter, sign_in, sign_out
from labelsvc.access.users import add_user, disable_user, enable_user, list_users, set_password, set_role

__all__ = [
    "ROLES",
    "Client",
    "Door",
    "Entered",
    "Role",
    "add_key",
    "add_user",
    "authenticate",
    "disable_user",
    "enable_user",
    "enter",
    "list_keys",
    "list_users",
    "revoke_key",
    "set_password",
    "set_role",
    "sign_in",
    "sign_out",
]
