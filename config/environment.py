"""Every setting Columna reads from its environment: typed, in one place, with the sentence that documents it."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent


def _absolute(path: Path) -> Path:
    return path if path.is_absolute() else BASE_DIR / path


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[a-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?", text):
        raise ValueError(
            f"{text!r} is not the origin of a page: scheme and host in small letters, a port if it has one, and nothing behind it."
        )
    return text


Origin = Annotated[str, AfterValidator(_origin)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class Environment(BaseSettings):
    """The environment, read once. A variable is the field's name in capitals with the prefix ``COLUMNA_``.

    ``docs/reference/settings.md`` is generated from the descriptions; a test fails when it has drifted.
    """

    model_config = SettingsConfigDict(env_prefix="COLUMNA_", extra="ignore", frozen=True)

    mode: Literal["embedded", "full"] = Field(
        "embedded",
        description="`embedded` is one machine on loopback with demo accounts allowed; `full` refuses to start "
        "without its own secret key and hosts.",
    )
    debug: bool = Field(False, description="Django's debug pages. Never with real patients.")
    data_dir: AbsolutePath = Field(
        Path("var"), description="Where the embedded default keeps its database, objects, broker folder and keys."
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs sessions. Empty: one is made once in the key folder (embedded mode only)."
    )
    key_dir: AbsolutePath | None = Field(
        None, description="Folder of the site key and the project keys, outside the database. Empty: `keys` in the data folder."
    )
    allowed_hosts: list[str] = Field(["127.0.0.1", "localhost", "[::1]"], description="Host names that web answers to, as a JSON list.")
    dicomweb_origins: list[Origin] = Field(
        [],
        description="Addresses of viewers, such as `https://ohif.hospital.example`, whose pages may read DICOMweb from here with an access "
        "token, as a JSON list. Empty: pages of Columna's own address only.",
    )
    web_host: str = Field(
        "127.0.0.1", description="Address web binds. `make run` takes loopback only, for its demo accounts have known passwords."
    )
    web_port: int = Field(8000, description="Port of web.")
    web_processes: int = Field(2, description="Processes of web.")
    web_threads: int = Field(8, description="Threads of each web process.")
    base_url: str = Field(
        default_factory=lambda fields: f"http://127.0.0.1:{fields.get('web_port', 8000)}",
        description="Public address of web; absolute links (bulk data, client) are built from it, never from `Host`. "
        "Default: loopback with the port of web.",
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="`postgresql://user:password@host:port/name`. Empty: SQLite in the data folder."
    )
    broker_url: SecretStr = Field(
        SecretStr(""), description="`amqp://` or `redis://` address of the broker. Empty: a folder in the data folder."
    )
    object_store: Literal["folder", "s3"] = Field("folder", description="Where blobs lie: a folder, or any S3 server.")
    s3_endpoint: str = Field("", description="`host:port` of the S3 server.")
    s3_access_key: str = Field("", description="Access key of the S3 server.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the S3 server.")
    s3_bucket: str = Field("columna", description="Bucket that holds the blobs; made if it is missing.")
    s3_region: str = Field("us-east-1", description="Region that requests are signed for; MinIO and most others do not mind.")
    s3_secure: bool = Field(True, description="Speak TLS with the S3 server.")
    dicom_host: str = Field("127.0.0.1", description="Address the DICOM listener binds.")
    dicom_port: int = Field(11112, description="Port of the DICOM listener.")
    dicom_ae_title: str = Field("COLUMNA", description="AE title of the DICOM listener, 16 characters at most.")
    dicom_tls_port: int = Field(0, description="Port of the DICOM listener for TLS; 0 leaves TLS off.")
    dicom_tls_certificate: AbsolutePath | None = Field(None, description="Certificate chain of the DICOM listener, PEM.")
    dicom_tls_key: AbsolutePath | None = Field(None, description="Private key of that certificate, PEM.")
    dicom_tls_clients: AbsolutePath | None = Field(
        None, description="Authorities whose client certificates are accepted, PEM. Empty: no client certificate is asked for."
    )
    prompts_host: str = Field("127.0.0.1", description="Address of the prompts process.")
    prompts_port: int = Field(8010, description="Port of the prompts process.")
    worker_processes: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 2) // 2),
        description="Jobs of intake, frames and export that `make run` does at once. Default: half of the machine's processors.",
    )
    learning_threads: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 2) // 2),
        description="Threads that torch may use in the worker for predict and train. Default: half of the machine's.",
    )
    job_lease_seconds: int = Field(30, description="A running job whose heart has not beaten for this long is given to another worker.")
    job_resend_seconds: int = Field(20, description="A queued job that no worker has claimed for this long is sent to the broker again.")
    outbox_poll_seconds: float = Field(0.3, description="How often the dispatcher looks for new events.")
    assignment_lease_seconds: int = Field(900, description="How long a case stays with a reader whose browser is silent.")
    study_idle_seconds: float = Field(3.0, description="A series is assembled when no new instance came for this long.")
    study_first_look_seconds: float = Field(
        10.0,
        description="A series that arrives for this long is assembled once before its end, so that reading can begin; the rest joins it.",
    )
    intake_max_archive_bytes: int = Field(20 * 1024**3, description="An archive that would unpack to more than this is refused as a bomb.")
    intake_max_archive_ratio: int = Field(200, description="An archive member that grows by more than this factor is refused as a bomb.")
    sealed_fraction: float = Field(0.3, description="Share of patients whose fold is `sealed`; fixed at intake by the site key.")
    validation_fraction: float = Field(0.1, description="Share of patients whose fold is `validation`.")
    test_data: AbsolutePath = Field(
        Path("../shared/data"), description="Folder of public sample data for the demo, tests and benchmarks. May be absent."
    )
    log_level: str = Field("INFO", description="Level of the log on standard error.")
    log_format: Literal["line", "json"] = Field("line", description="A line of text or a JSON object per log record.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Who sends it as a bearer token may read `/metrics`. Empty: only this machine may."
    )

    @property
    def keys(self) -> Path:
        return self.key_dir or self.data_dir / "keys"

    def session_secret(self) -> str:
        """Return the secret that signs sessions, made once and kept with mode 0600 in embedded mode."""
        if self.secret_key.get_secret_value():
            return self.secret_key.get_secret_value()
        if self.mode == "full":
            raise ValueError("COLUMNA_SECRET_KEY is empty: full mode needs its own. Make one with `openssl rand -hex 32`.")
        path = self.keys / "session.key"
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(32))
        return path.read_text().strip()
