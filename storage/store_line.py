"""An association that reads C-STORE straight from the line: what pynetdicom does per fragment is done here per object.

pynetdicom reads 4 KiB at a time, copies each fragment five times and polls its queues a thousand times a second. Here the thread
of the upper layer waits for the socket, reads whole fragments, hands the object to a function and sends the answer itself.
Everything else (negotiation, release, abort, C-ECHO, N-ACTION, timers) stays with pynetdicom's state machine.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import select
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu_primitives import P_DATA

from storage.dicom import encoding

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity

logger = logging.getLogger(__name__)

MAX_PDU = 1 << 20
"""Bytes of a fragment that a peer is offered; what claims more than eight times that is no DICOM."""
MAX_OBJECT = 1 << 31
"""Bytes of one object; a larger one is read to its end, not kept, and refused."""
_MAX_COMMAND = 1 << 24
"""Bytes of a message that carries no object."""
_PART = 1 << 20
_P_DATA, _C_STORE, _SUCCESS_WITHOUT_DATA = 0x04, 0x0001, 0x0101
_DATA_TRANSFER, _CLOSING = "Sta6", "Sta13"
_OUT_OF_RESOURCES, _PROCESSING_FAILURE = 0xA700, 0x0110
_IDLE, _SOON = 0.25, 0.001


@dataclass(frozen=True)
class Received:
    """An object as it came: ``data`` is a whole DICOM file in the negotiated transfer syntax."""

    sop_class: str
    sop_instance: str
    data: bytes


Store = Callable[["StoreAssociation", Received], int]
"""Takes an object, and returns the status of the C-STORE once it may be told."""


class Broken(Exception):
    """What came is no DICOM, or the line is gone. ``event`` is what the state machine is told (PS3.8 9.2.3)."""

    def __init__(self, event: str) -> None:
        super().__init__(event)
        self.event = event


@dataclass
class _Message:
    """A message on its way: first its command, then, if that is a C-STORE, the object."""

    context: int
    command: list[bytes] = field(default_factory=list)
    request: dict[int, bytes] | None = None
    is_handed_over: bool = False
    parts: list[bytes] = field(default_factory=list)
    size: int = 0


class StoreAssociation(Association):
    """An accepted association whose objects go to ``store``."""

    def __init__(self, ae: ApplicationEntity, mode: str, store: Store) -> None:
        super().__init__(ae, mode)
        self.store = store
        self.dimse = _Messages(self)
        self.dul = _Line(self)
        self.acse_timeout = ae.acse_timeout
        self.network_timeout = ae.network_timeout


class _Messages(DIMSEServiceProvider):
    """Waits for the next message for a moment instead of asking a thousand times a second."""

    def get_msg(self, block: bool = False) -> Any:
        """As pynetdicom's. While a thread that asked the peer something waits for its answer, the association takes nothing."""
        if not block:
            arrived = self.msg_queue.not_empty
            with arrived:
                if not self.msg_queue.queue:
                    arrived.wait(_IDLE)
                if not self.assoc._reactor_checkpoint.is_set():
                    arrived.notify()
                    return None, None
        return super().get_msg(block)


class _Announced(queue.Queue[Any]):
    """What the state machine tells the association; putting something in wakes it."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)
        self._wake()


class _Line(DULServiceProvider):
    """The upper layer of one association, and the reader of its objects."""

    def __init__(self, assoc: StoreAssociation) -> None:
        super().__init__(assoc)
        self.to_user_queue = _Announced(lambda: assoc.dimse.msg_queue.put((None, None)))  # nothing to read, but look up
        self.to_provider_queue = _Announced(self._ring)
        self.daemon = True
        self._run_loop_delay = 0
        self._message: _Message | None = None
        self._is_deaf = False
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)

    def run_reactor(self) -> None:
        try:
            super().run_reactor()
        finally:
            self._bell.close()
            self._ear.close()

    def kill_dul(self) -> None:
        super().kill_dul()
        self._ring()

    def stop_dul(self) -> bool:
        if self.state_machine.current_state == "Sta1":
            self._kill_thread = True
            self._ring()
        return super().stop_dul()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # full: it rings already; closed: nobody waits any more
            self._bell.send(b"\0")

    def _is_transport_event(self) -> bool:
        """As pynetdicom's, after waiting for bytes, for something to send, or for a moment. To who sent garbage nobody listens any more."""
        if self._is_deaf and self.socket is not None and self.state_machine.current_state == _CLOSING:
            self.socket.close()
            return True
        if self.event_queue.empty():
            self._wait()
        return bool(super()._is_transport_event())

    def _wait(self) -> bool:
        """Wait for bytes, a ring, or a moment; return whether there are bytes, and no ring."""
        line = self.socket.socket if self.socket is not None else None
        poll = select.poll()
        poll.register(self._ear, select.POLLIN)
        if line is not None:
            if isinstance(line, ssl.SSLSocket) and line.pending():
                return True
            try:
                poll.register(line, select.POLLIN)
            except (ValueError, OSError):
                return False
        seconds = _IDLE if self.state_machine.current_state == _DATA_TRANSFER else _SOON
        ready = {number for number, _ in poll.poll(seconds * 1000)}
        if self._ear.fileno() in ready:
            self._ear.recv(4096)
            return False
        return bool(ready)

    # reading

    def _read_pdu_data(self) -> None:
        """Read one PDU, and those after it that belong to the same object, without a turn of the state machine for each."""
        try:
            self._read_pdu()
            while self._is_inside_object() and self._wait():
                self._idle_timer.restart()
                self._read_pdu()
        except Broken as broken:
            self._message = None
            self._is_deaf = broken.event == "Evt19"
            self.event_queue.put(broken.event)

    def _read_pdu(self) -> None:
        kind, length = struct.unpack(">BxL", self._receive(6))
        if kind not in range(1, 8) or length > 8 * MAX_PDU:
            raise Broken("Evt19")
        if kind == _P_DATA and self.state_machine.current_state == _DATA_TRANSFER:
            self._take_fragments(length)
        else:
            self._take_other(struct.pack(">BxL", kind, length) + self._receive(length))

    def _is_inside_object(self) -> bool:
        """Whether nothing but more of an object can be next, and nobody wants anything else of this thread."""
        return (
            self._message is not None
            and self._message.request is not None
            and self.event_queue.empty()
            and self.to_provider_queue.empty()
            and not self._kill_thread
        )

    def _receive(self, length: int) -> bytes:
        """Return exactly so many bytes. Raises :class:`Broken` when the line ends, or stands still for too long."""
        line = cast(socket.socket, self.socket.socket if self.socket is not None else None)
        flags = 0 if isinstance(line, ssl.SSLSocket) else socket.MSG_WAITALL
        parts: list[bytes] = []
        try:
            while length:
                part = line.recv(min(length, _PART), flags)
                if not part:
                    raise Broken("Evt17")
                parts.append(part)
                length -= len(part)
        except (OSError, AttributeError):
            raise Broken("Evt17") from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _take_other(self, data: bytes) -> None:
        try:
            pdu, event = self._decode_pdu(bytearray(data))
        except Exception:  # the rim of pynetdicom's decoders
            raise Broken("Evt19") from None
        self.event_queue.put(event)
        self._recv_pdu.put(pdu)

    def _take_fragments(self, length: int) -> None:
        """Read the fragments of one P-DATA-TF (PS3.8 9.3.5): length, context, control byte, bytes."""
        while length:
            if length < 6:
                raise Broken("Evt19")
            size, context, control = struct.unpack(">LBB", self._receive(6))
            if size < 2 or size + 4 > length:
                raise Broken("Evt19")
            length -= size + 4
            self._take_fragment(context, control, size - 2)

    def _take_fragment(self, context: int, control: int, size: int) -> None:
        message = self._message = self._message or _Message(context)
        is_command, is_last = bool(control & 1), bool(control & 2)
        is_due = message.request is None and not message.is_handed_over
        if message.context != context or context not in self.assoc._accepted_cx or is_command != is_due:
            raise Broken("Evt19")
        message.size += size
        if message.request is None and message.size > _MAX_COMMAND:
            raise Broken("Evt19")
        if is_command:
            message.command.append(self._receive(size))
            if is_last:
                self._command_ends(message)
        elif message.is_handed_over:
            self._hand_over(context, control, self._receive(size))
        else:
            self._take_part(message, size, is_last)

    def _take_part(self, message: _Message, size: int, is_last: bool) -> None:
        if message.size > MAX_OBJECT:
            message.parts.clear()
            self._skip(size)
        else:
            message.parts.append(self._receive(size))
        if is_last:
            self._message = None
            self._answer(message)

    def _command_ends(self, message: _Message) -> None:
        command = b"".join(message.command)
        request = _elements(command)
        if _number(request, 0x0100) == _C_STORE and _number(request, 0x0800) != _SUCCESS_WITHOUT_DATA:
            message.request, message.size = request, 0
            message.parts = [self._file_meta(message)]
        else:
            message.is_handed_over = True
            self._hand_over(message.context, 3, command)

    def _hand_over(self, context: int, control: int, data: bytes) -> None:
        """Give a fragment of anything but a C-STORE to pynetdicom, which collects and serves it."""
        primitive = P_DATA()
        primitive.presentation_data_value_list = [[context, bytes([control]) + data]]  # type: ignore[list-item]  # it says tuples and takes lists
        self.assoc.dimse.receive_primitive(primitive)
        if self.assoc.dimse.message is None:
            self._message = None

    def _skip(self, size: int) -> None:
        while size:
            size -= len(self._receive(min(size, _PART)))

    # answering

    def _file_meta(self, message: _Message) -> bytes:
        request = message.request or {}
        return encoding.file_meta(
            sop_class=_text(request, 0x0002),
            sop_instance=_text(request, 0x1000),
            transfer_syntax=str(self.assoc._accepted_cx[message.context].transfer_syntax[0]),
        )

    def _answer(self, message: _Message) -> None:
        request = message.request or {}
        status = _OUT_OF_RESOURCES
        if message.size <= MAX_OBJECT:
            received = Received(_text(request, 0x0002), _text(request, 0x1000), b"".join(message.parts))
            message.parts.clear()
            try:
                status = cast(StoreAssociation, self.assoc).store(cast(StoreAssociation, self.assoc), received)
            except Exception as error:  # the rim of a thread: the peer must get an answer, the log no value
                logger.error("an object could not be taken in: %s", type(error).__name__)
                status = _PROCESSING_FAILURE
        self._idle_timer.restart()
        self._send_command(message.context, _response(request, status))

    def _send_command(self, context: int, command: bytes) -> None:
        most = max(8, (self.assoc.requestor.maximum_length or MAX_PDU) - 6)
        line = self.socket.socket if self.socket is not None else None
        if line is None:
            return
        out = b""
        for first in range(0, len(command), most):
            part = command[first : first + most]
            control = 3 if first + most >= len(command) else 1
            out += struct.pack(">BxLLBB", _P_DATA, len(part) + 6, len(part) + 2, context, control) + part
        try:
            line.sendall(out)
        except OSError:
            raise Broken("Evt17") from None


def _elements(command: bytes) -> dict[int, bytes]:
    """Return {element number: value} of a command set: group 0000, implicit VR little endian (PS3.7 6.3.1)."""
    found, position = {}, 0
    while position + 8 <= len(command):
        group, element, length = struct.unpack_from("<HHL", command, position)
        if group or position + 8 + length > len(command):
            raise Broken("Evt19")
        found[element] = command[position + 8 : position + 8 + length]
        position += 8 + length
    return found


def _number(request: dict[int, bytes], element: int) -> int:
    value = request.get(element, b"")
    return int(struct.unpack_from("<H", value)[0]) if len(value) >= 2 else -1


def _text(request: dict[int, bytes], element: int) -> str:
    return request.get(element, b"").rstrip(b"\0 ").decode("ascii", "replace")


def _response(request: dict[int, bytes], status: int) -> bytes:
    """Return the command set of a C-STORE-RSP (PS3.7 9.3.1.2)."""
    message = request.get(0x0110, b"\0\0")
    fields = [
        (0x0002, request.get(0x0002, b"")),
        (0x0100, b"\x01\x80"),
        (0x0120, message),
        (0x0800, struct.pack("<H", _SUCCESS_WITHOUT_DATA)),
        (0x0900, struct.pack("<H", status)),
        (0x1000, request.get(0x1000, b"")),
    ]
    body = b"".join(struct.pack("<HHL", 0, element, len(value)) + value for element, value in fields)
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body
