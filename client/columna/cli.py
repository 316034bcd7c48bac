"""The ``columna`` command."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from columna import __version__
from columna.client import Client, VersionHandle, reference_parse
from columna.config import Server, config_path, normal, server_known, server_save
from columna.ed25519 import key_of_pem
from columna.errors import ColumnaError, IntegrityError, UsageError
from columna.http import Session
from columna.pull import PullReport, version_pull
from columna.verify import VerifyReport, pulled_open, verify

_CODES = """exit codes: 0 done, 2 usage, 3 complete except withdrawn files, 4 not authorised or expired,
5 integrity, 6 network after retries"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except ColumnaError as error:
        _tell(f"columna: {error}")
        return error.exit_code
    except OSError as error:
        _tell(f"columna: {error.strerror or error} ({error.filename})" if error.filename else f"columna: {error}")
        return 1
    except KeyboardInterrupt:
        _tell("columna: interrupted. Run the same command again to go on.")
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="columna", description="Pull frozen spine imaging datasets.", epilog=_CODES)
    parser.add_argument("--version", action="version", version=f"columna {__version__}")
    parser.add_argument("--server", help="address of the server; default: the one logged in to last")
    commands = parser.add_subparsers(required=True, metavar="command")
    login = commands.add_parser("login", help="remember a server and a token for it")
    login.add_argument("url")
    login.add_argument("--token-stdin", action="store_true", help="read the token from standard input")
    login.add_argument("--trust-new-key", action="store_true", help="accept that the server signs with another key than before")
    login.set_defaults(run=_login)
    commands.add_parser("ls", help="list datasets").set_defaults(run=_ls)
    info = commands.add_parser("info", help="show a dataset and its versions, or one version")
    info.add_argument("reference", metavar="D[@V]")
    info.set_defaults(run=_info)
    pull = commands.add_parser("pull", help="pull a version; run it again to go on, or to repair")
    pull.add_argument("reference", metavar="D@V")
    pull.add_argument("--out", type=Path, help="folder; default: D-V")
    pull.add_argument("--jobs", type=int, default=4, help="files at once (default 4)")
    pull.add_argument("--dry-run", action="store_true", help="say what would be moved, and do nothing")
    pull.set_defaults(run=_pull)
    check = commands.add_parser("verify", help="hash every file of a pulled version")
    check.add_argument("folder", type=Path)
    check.add_argument("--offline", action="store_true", help="ask no server; use the tombstones of the last pull")
    check.set_defaults(run=_verify)
    status = commands.add_parser("status", help="say whether there is a newer version, or something was withdrawn")
    status.add_argument("folder", type=Path)
    status.set_defaults(run=_status)
    return parser


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def _login(arguments: argparse.Namespace) -> int:
    url = normal(arguments.url)
    if arguments.token_stdin or not sys.stdin.isatty():
        token = sys.stdin.readline().strip()
    else:
        token = getpass.getpass("Token (made on the page of your account, scope `pull`): ").strip()
    if not token.startswith("col_") or not token.isascii():
        raise UsageError("A token begins with col_. Make one on the page of your account.")
    session = Session(url, token, retries=1)
    key = str(session.json("/api/signing-key").get("public_key", ""))
    try:
        key_of_pem(key)
    except ValueError:
        raise IntegrityError("The server's signing key is none. Is this a Columna server?") from None
    known = server_known(url)
    if known and known.signing_key != key and not arguments.trust_new_key:
        raise IntegrityError(
            "The server signs with another key than at your last login. Ask its operator; if that is right, repeat with --trust-new-key."
        )
    session.json("/api/datasets")
    server_save(Server(url, token, key))
    _say(f"Logged in to {url}. Kept in {config_path()}.")
    return 0


def _ls(arguments: argparse.Namespace) -> int:
    found = Client(arguments.server).datasets()
    for dataset in found:
        _say(f"{_text(dataset, 'slug'):<32} {_text(dataset, 'latest') or '-':<10} {_text(dataset, 'tier'):<11} {_text(dataset, 'name')}")
    if not found:
        _tell("No dataset is open to you. Ask a data manager for the role of a researcher.")
    return 0


def _text(entry: dict[str, Any], name: str) -> str:
    """Return a field of the server's answer without control characters: it is going to a terminal."""
    value = entry.get(name)
    return "" if value is None else "".join(character if character.isprintable() else "?" for character in str(value))


def _info(arguments: argparse.Namespace) -> int:
    slug, number = reference_parse(arguments.reference)
    client = Client(arguments.server)
    if number is not None:
        return _info_version(client.version(arguments.reference))
    entry = client.dataset(slug).info()
    for name in ("slug", "name", "licence", "tier", "description"):
        _say(f"{name:<12} {_text(entry, name)}")
    for version in client.dataset(slug).versions():
        _say(f"{'version':<12} {_text(version, 'number'):<10} {_text(version, 'state'):<9} {_text(version, 'manifest_digest')[:16]}")
    return 0


def _info_version(version: VersionHandle) -> int:
    manifest = version.manifest
    _say(f"{'version':<12} {version}\n{'digest':<12} sha256:{manifest.digest}")
    for name in ("created", "licence"):
        _say(f"{name:<12} {_text(manifest.content, name)}")
    for name, value in sorted(manifest.content["counts"].items()):
        _say(f"{name:<12} {value}")
    for name, value in sorted(manifest.content["splits"]["counts"].items()):
        _say(f"{'split':<12} {name}: {value} patients")
    return 0


def _resolve(client: Client, reference: str) -> VersionHandle:
    slug, number = reference_parse(reference)
    if number is None and not sys.stdin.isatty():
        raise UsageError(f"Name the version: {slug}@1.0.0. A script that takes the newest one is not reproducible.")
    version = client.version(f"{slug}@{number or 'latest'}")
    if number in (None, "latest"):
        _say(f"{slug}@latest is {version}; write that down to get the same bytes again.")
    return version


def _pull(arguments: argparse.Namespace) -> int:
    version = _resolve(Client(arguments.server), arguments.reference)
    out = arguments.out or Path(f"{version.dataset.slug}-{version.number}")
    began = time.monotonic()
    report = version_pull(version, out, jobs=arguments.jobs, dry_run=arguments.dry_run, progress=_progress if sys.stderr.isatty() else None)
    _pull_report(report, out, arguments.dry_run, time.monotonic() - began)
    return report.exit_code


def _progress(moved: int, total: int) -> None:
    sys.stderr.write(f"\r{_size(moved)} of {_size(total)} ({100 * moved // max(total, 1)} %) ")
    sys.stderr.flush()


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.2f} TB"


def _pull_report(report: PullReport, out: Path, dry_run: bool, seconds: float) -> None:
    if sys.stderr.isatty() and not dry_run:
        sys.stderr.write("\r\033[K")
    _say(f"{report.version}  sha256:{report.digest}")
    _say(f"{report.files} files, {report.bytes} bytes; here already: {report.present}, in the cache: {report.cached}")
    if dry_run:
        _say(f"would move {report.to_move} bytes of data to {out}")
    else:
        rate = f" ({report.moved / seconds / 1e6:.1f} MB/s)" if report.moved else ""
        _say(f"moved {report.moved} bytes of data in {seconds:.1f} s{rate} to {out}")
    if report.withheld:
        _say(f"{len(report.withheld)} label files of test patients are withheld from you")
    if report.withdrawn:
        _say(f"{len(report.withdrawn)} files were withdrawn; removed here: {len(report.removed)}")


def _verify(arguments: argparse.Namespace) -> int:
    report = verify(arguments.folder, offline=arguments.offline, client=None if arguments.offline else _client_of(arguments))
    _verify_report(report)
    return report.exit_code


def _client_of(arguments: argparse.Namespace) -> Client | None:
    return Client(arguments.server) if arguments.server else None


def _verify_report(report: VerifyReport) -> None:
    for word, paths in (("missing", report.missing), ("wrong", report.wrong), ("withdrawn, still here", report.unburied)):
        for path in paths:
            _say(f"{word}: {path}")
    for path in report.extra:
        _say(f"not of this version: {path}")
    whole = "whole" if report.is_whole else "NOT whole: run `columna pull` again"
    rest = f", withdrawn: {len(report.withdrawn)}" if report.withdrawn else ""
    rest += f", withheld: {len(report.withheld)}" if report.withheld else ""
    _say(f"{report.version}  sha256:{report.digest}\n{report.good} files good{rest}; {whole}")


def _status(arguments: argparse.Namespace) -> int:
    pulled = pulled_open(arguments.folder)
    client = _client_of(arguments) or Client(pulled.server)
    dataset = client.dataset(pulled.manifest.dataset)
    latest = _text(dataset.info(), "latest")
    _say(f"{pulled}  sha256:{pulled.manifest.digest}")
    newer = bool(latest) and tuple(map(int, latest.split("."))) > tuple(map(int, pulled.manifest.version.split(".")))
    _say(f"newer version: {latest}" if newer else "no newer version")
    stones = dataset.version(pulled.manifest.version).tombstones()["content"]["tombstones"]
    gone = {digest for stone in stones for digest in stone["digests"]}
    here = [file.path for file in pulled.manifest.files if file.sha256 in gone and pulled.tree.exists(file)]
    _say(f"withdrawn and still here: {len(here)} files; run `columna pull` again to remove them" if here else "nothing to remove")
    return 0


if __name__ == "__main__":
    sys.exit(main())
