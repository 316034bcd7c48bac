"""What the program remembers between runs: servers, tokens, and the key each server signs with."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from columna.errors import UsageError


@dataclass(frozen=True)
class Server:
    """A server, the token for it, and its signing key (PEM) as it was at the first login."""

    url: str
    token: str
    signing_key: str


def config_path() -> Path:
    """Return the file: ``COLUMNA_CONFIG_DIR``, or the place that XDG names for configuration."""
    return _folder("COLUMNA_CONFIG_DIR", "XDG_CONFIG_HOME", "~/.config") / "config.json"


def cache_folder() -> Path:
    """Return the folder of the cache: ``COLUMNA_CACHE_DIR``, or the place that XDG names for caches."""
    return _folder("COLUMNA_CACHE_DIR", "XDG_CACHE_HOME", "~/.cache")


def _folder(own: str, shared: str, default: str) -> Path:
    named = os.environ.get(own)
    return Path(named).expanduser() if named else Path(os.environ.get(shared) or default).expanduser() / "columna"


def _read() -> dict[str, dict[str, str]]:
    try:
        servers: dict[str, dict[str, str]] = json.loads(config_path().read_text())["servers"]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{config_path()} is damaged. Delete it and run `columna login` again.") from None
    return servers


def server_save(server: Server) -> None:
    """Remember the server and make it the default; the file is readable by its owner only."""
    servers = {url: entry for url, entry in _read().items() if url != server.url}
    servers[server.url] = asdict(server)
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"config.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump({"servers": servers}, handle, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def server_known(url: str) -> Server | None:
    entry = _read().get(normal(url))
    return Server(**entry) if entry else None


def server_find(url: str | None = None) -> Server:
    """Return the server to talk to: the one named, else ``COLUMNA_URL``, else the one logged in to last."""
    token = os.environ.get("COLUMNA_TOKEN", "")
    wanted = url or os.environ.get("COLUMNA_URL")
    if wanted:
        known = server_known(wanted)
        if known is None and not token:
            raise UsageError(f"Not logged in to {normal(wanted)}. Run: columna login {normal(wanted)}")
        return Server(normal(wanted), token or (known.token if known else ""), known.signing_key if known else "")
    servers = list(_read().values())
    if not servers:
        raise UsageError("Not logged in anywhere. Run: columna login https://your.server")
    return Server(servers[-1]["url"], token or servers[-1]["token"], servers[-1]["signing_key"])


def normal(url: str) -> str:
    """Return the address without a slash at the end. Plain HTTP is for this machine alone: a token would travel in the open."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise UsageError(f"{url!r} is no address of a server. It looks like https://columna.example.org")
    if parts.scheme == "http" and not local:
        raise UsageError("Plain http would show your token to everybody on the way. Use https.")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
