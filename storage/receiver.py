"""The DICOM listener: C-STORE and C-ECHO for authorised peers. What it answers with success is durable.

One process serves many associations in threads; several processes share one listening socket (``manage.py receiver``). A thread
reads (:mod:`storage.store_line`), cleans, writes the bytes and then, with those who are as far (:mod:`storage.committer`), the rows.
Within a process one thread cleans at a time, where none takes long: two would take the interpreter's lock from each other, a hundred
times an image.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from pynetdicom import AE, _config, evt
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from accounts.services.audit import audit_record
from config.errors import ColumnaError
from storage.commitment_provider import commitment_context, commitment_take
from storage.committer import Committer
from storage.dicom import sop_classes
from storage.dicom.parse import ENCAPSULATED, NATIVE
from storage.models import ImportBatch, Source
from storage.presence import Presence
from storage.services.certificate import Certificate, certificate_of
from storage.services.import_batch import batch_close, batch_open
from storage.services.intake import instance_clean, instance_write
from storage.services.prepared import Outcome
from storage.services.source import source_of_peer
from storage.spread import Spread
from storage.store_line import MAX_PDU, Received, Store, StoreAssociation

if TYPE_CHECKING:
    from pynetdicom.pdu_primitives import A_ASSOCIATE

logger = logging.getLogger(__name__)
_config.LOG_HANDLER_LEVEL = "none"  # its messages quote UIDs and AE titles
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

VERIFICATION = "1.2.840.10008.1.1"
_SUCCESS, _NO_RESOURCES = 0x0000, 0xA700
_MOST_ASSOCIATIONS = 64
_AUDIT_EVERY = 60.0
_cleaning, _PATIENCE = threading.Lock(), 0.05
"""Who cleans has the lock. Who has waited so many seconds cleans beside: the other may be reading text, which takes long and leaves a core."""
_REJECT_UNKNOWN_CALLER = (0x01, 0x01, 0x03)
_REJECT_CALLED = (0x01, 0x01, 0x07)
_REJECT_LATER = (0x02, 0x03, 0x02)
_AWAY = (DatabaseError, InterfaceError, OSError)


def contexts() -> list[PresentationContext]:
    """Every storage class of the standard in every syntax that the door can read, plus C-ECHO and storage commitment."""
    preferred = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
    syntaxes = preferred + sorted(str(uid) for uid in (NATIVE | ENCAPSULATED) if uid not in preferred)
    return [build_context(VERIFICATION), commitment_context(), *(build_context(uid, syntaxes) for uid in sop_classes.storage_classes())]


@dataclass
class Peer:
    """Who is on the other end of an association, and the batch of what it sends."""

    source: Source
    batch: ImportBatch | None = None
    ordinal: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Receiver:
    """Answers associations on a socket that is listening already."""

    def __init__(
        self, listening: socket.socket, *, tls: ssl.SSLContext | None = None, ae_title: str | None = None, spread: Spread | None = None
    ) -> None:
        self.ae_title = ae_title or settings.ENVIRONMENT.dicom_ae_title
        self._peers: dict[int, Peer] = {}
        self._audited: dict[str, float] = {}
        self._committer = Committer(settings.ENVIRONMENT.data_dir / "listener.lock")
        self._presence = Presence()
        entity = AE(ae_title=self.ae_title)
        entity.maximum_associations = _MOST_ASSOCIATIONS
        entity.maximum_pdu_size = MAX_PDU
        entity.network_timeout, entity.acse_timeout, entity.dimse_timeout = 60, 30, 120
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_ECHO, self._echo),
            (evt.EVT_N_ACTION, self._action),
            (evt.EVT_CONN_CLOSE, self._closed),
        ]
        self._server = _Server(entity, listening, self.ae_title, contexts(), tls, handlers, self._store, spread or Spread())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no new association, let the present ones finish for a moment, then abort them."""
        self._server.shutdown()
        deadline = time.monotonic() + 5
        while self._server.active_associations and time.monotonic() < deadline:
            time.sleep(0.05)
        for association in self._server.active_associations:
            association.abort()
        self._presence.close()

    # events of pynetdicom; each association has its thread

    def _requested(self, event: evt.Event) -> None:
        association = event.assoc
        request = association.requestor
        primitive = cast("A_ASSOCIATE", request.primitive)
        calling, called = _title(primitive.calling_ae_title), _title(primitive.called_ae_title)
        try:
            close_old_connections()
            certificate = _certificate(association)
            source = source_of_peer(calling=calling, called=called, address=request.address or "", certificate=certificate)
            room = source is not None and self._presence.enter(association, source, certificate)
        except _AWAY:
            _reject(association, _REJECT_LATER)
            return
        if source is None:
            self._refuse(association, calling, called)
        elif room:
            self._peers[id(association)] = Peer(source)
        else:
            _reject(association, _REJECT_LATER)

    def _echo(self, event: evt.Event) -> int:
        if (peer := self._peers.get(id(event.assoc))) is not None:
            self._presence.echoed(peer.source)
        return _SUCCESS

    def _refuse(self, association: Association, calling: str, called: str) -> None:
        known_called = called == self.ae_title or Source.objects.active().filter(called_ae_title=called).exists()
        name = re.sub(r"[^A-Za-z0-9_.\-]", "?", calling)
        if time.monotonic() - self._audited.get(name, -_AUDIT_EVERY) >= _AUDIT_EVERY:
            self._audited[name] = time.monotonic()
            logger.warning("an association was refused: no active source is called %s, at this address and with this certificate", name)
            audit_record(actor=None, verb="association.refuse", object=("storage.source", name), detail={"calling": name})
        _reject(association, _REJECT_UNKNOWN_CALLER if known_called else _REJECT_CALLED)

    def _store(self, association: StoreAssociation, received: Received) -> int:
        peer = self._peers.get(id(association))
        if peer is None:
            return _NO_RESOURCES
        try:
            outcome = self._take(peer, received.data)
            if outcome.dimse_status == _NO_RESOURCES:
                self._presence.refused(peer.source, outcome.code)
        except (*_AWAY, ColumnaError) as error:
            logger.warning("an object could not be taken in: %s", type(error).__name__)
            connections.close_all()
            return _NO_RESOURCES
        return outcome.dimse_status

    def _action(self, event: evt.Event) -> tuple[int, Any]:
        peer = self._peers.get(id(event.assoc))
        return commitment_take(peer.source, event) if peer is not None else (_NO_RESOURCES, None)

    def _take(self, peer: Peer, data: bytes) -> Outcome:
        with peer.lock:
            if peer.batch is None:
                peer.batch = batch_open(project=peer.source.project, source=peer.source)
            peer.ordinal += 1
        with self._committer.work():
            is_first = _cleaning.acquire(timeout=_PATIENCE)
            try:
                cleaned = instance_clean(source=peer.source, data=data, ordinal=peer.ordinal)
            finally:
                if is_first:
                    _cleaning.release()
            written = instance_write(prepared=cleaned)
        return self._committer.commit(peer.source, peer.batch, written)

    def _closed(self, event: evt.Event) -> None:
        peer = self._peers.pop(id(event.assoc), None)
        try:
            self._presence.leave(event.assoc)
            if peer is not None and peer.batch is not None:
                batch_close(batch=peer.batch)
        except _AWAY:
            logger.warning("a batch could not be closed; the dispatcher will")
        finally:
            connections.close_all()


class _Server(ThreadedAssociationServer):
    """pynetdicom's server on a socket made elsewhere; the TLS handshake happens in the association's own thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        entity: AE,
        listening: socket.socket,
        title: str,
        offered: list[PresentationContext],
        tls: ssl.SSLContext | None,
        handlers: list[Any],
        store: Store,
        spread: Spread,
    ) -> None:
        self._listening, self._tls, self.store, self._spread = listening, tls, store, spread
        self._arriving, self._arriving_lock = 0, threading.Lock()
        super().__init__(entity, listening.getsockname()[:2], title, offered, None, handlers, _Handler)
        entity._servers.append(self)

    def server_bind(self) -> None:
        cast(socket.socket, self.socket).close()
        self.socket = self._listening
        self.socket.setblocking(False)
        self.server_address = self.socket.getsockname()

    def get_request(self) -> tuple[socket.socket, Any]:
        self._spread.stand_back()
        client, address = self._listening.accept()
        self._arrive(1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            client.settimeout(self.ae.network_timeout)
        else:  # the kernel's own clock: a fragment is then one call
            client.setblocking(True)
            seconds = struct.pack("ll", int(self.ae.network_timeout or 0), 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
        return client, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            if self._tls is not None:
                request = self._tls.wrap_socket(cast(socket.socket, request), server_side=True)
        except (ssl.SSLError, OSError):
            self.shutdown_request(request)
        else:
            super().process_request_thread(request, client_address)
        finally:
            self._arrive(-1)

    def service_actions(self) -> None:
        super().service_actions()
        self._arrive(0)

    def _arrive(self, change: int) -> None:
        """Say how many associations there are: those that run, and those whose thread has not begun."""
        with self._arriving_lock:
            self._arriving += change
            self._spread.say(id(self), self._arriving + len(self.active_associations))

    def server_close(self) -> None:
        self._listening.close()


class _Handler(RequestHandler):
    """Makes the associations of a connection; the contexts that the server offers are shared, nobody changes them."""

    server: _Server

    def _create_association(self) -> Association:
        association = StoreAssociation(self.ae, MODE_ACCEPTOR, self.server.store)
        association._server = self.server
        association.name = "AcceptorThread"  # how pynetdicom finds the associations of a server
        association.set_socket(AssociationSocket(association, client_socket=self.request))
        acceptor = association.acceptor
        acceptor.maximum_length = self.ae.maximum_pdu_size
        acceptor.ae_title, acceptor.address_info = self.server.ae_title, self.local
        acceptor.implementation_class_uid = self.ae.implementation_class_uid
        acceptor.implementation_version_name = self.ae.implementation_version_name
        acceptor.supported_contexts = list(self.server.contexts)
        association.requestor.address_info = self.remote
        for event, handlers in self.server._handlers.items():
            bound = [handlers] if event.is_intervention else handlers
            for handler, arguments in cast("list[tuple[Any, Any]]", bound):
                association.bind(event, handler, arguments)
        return association


def _reject(association: Association, reason: tuple[int, int, int]) -> None:
    """Answer with a rejection and wait until it is on its way: pynetdicom closes the line as soon as the handler returns."""
    association.acse.send_reject(*reason)
    association.kill()


def _title(value: object) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")).strip(" \0")


def _certificate(association: Association) -> Certificate | None:
    """Return the peer's TLS certificate, if it showed one."""
    transport = association.dul.socket
    connection = transport.socket if transport is not None else None
    if not isinstance(connection, ssl.SSLSocket):
        return None
    certificate = connection.getpeercert(binary_form=True)
    return certificate_of(certificate) if certificate else None
