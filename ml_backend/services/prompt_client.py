"""How web asks the prompts process; standard library only, no torch."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from typing import Any

from django.conf import settings

from config.errors import ColumnaError, Unavailable

HEADER = "X-Columna-Prompts"


def prompt_secret() -> str:
    """Return what web and prompts share: derived from the secret key, so there is nothing more to configure."""
    return hmac.new(settings.SECRET_KEY.encode(), b"prompts", hashlib.sha256).hexdigest()


def prompt_ask(path: str, sent: dict[str, Any], *, timeout: float = 60.0) -> dict[str, Any]:
    """Return the process's answer. Its refusals are raised as they are; when it is away, :class:`Unavailable`."""
    environment = settings.ENVIRONMENT
    connection = http.client.HTTPConnection(environment.prompts_host, environment.prompts_port, timeout=timeout)
    try:
        connection.request("POST", path, json.dumps(sent), {HEADER: prompt_secret(), "Content-Type": "application/json"})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable("The prompts process does not answer. Draw with the brush, and try again later.", code="prompts_away") from error
    finally:
        connection.close()
    if response.status >= 400:
        found = answer.get("error", {})
        refusal = ColumnaError(str(found.get("message", "The prompt was refused.")), code=found.get("code"), state=found.get("state"))
        refusal.status_code = response.status if response.status != 403 else 503
        raise refusal
    return answer
