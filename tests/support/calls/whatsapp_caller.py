"""Somebody who calls inside WhatsApp: WebRTC in place of Meta's media server, and signed webhooks.

It speaks over the loopback address alone; the service must too (`SATARK_WHATSAPP__CALLS_ADDRESS`).
"""

import secrets
import struct
import time
from collections import deque
from typing import Any, Final

from aiortc import RTCSessionDescription
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from satark_testing.whatsapp.graph_api import GraphPeer
from satark_testing.whatsapp.messages import Sender
from satark_whatsapp.calls.connection import KEYS, CallMedia, use_address
from satark_whatsapp.calls.sounds import SILENCE

_KEY_TYPE: Final = 126
_KEY_SOURCE: Final = 0x4B455953
_KEY_ENDS: Final = 0x80


class WhatsAppCaller(CallMedia):
    """One call of a WhatsApp user to the service at `webhook`, through the simulated Meta `peer`."""

    def __init__(self, peer: GraphPeer, webhook: str, sender: Sender) -> None:
        super().__init__()
        self.heard: deque[bytes] = deque()
        """The packets that were played and not taken yet, without silence."""
        self.received_at: list[float] = []
        """Times at which packets came."""
        self.actions: list[str] = []
        """The service's steps of the call: `pre_accept`, `accept`, `reject`, `terminate`."""
        self._peer, self._webhook, self._sender = peer, webhook, sender
        self._id = f"wacid.{secrets.token_urlsafe(24)}"
        self._keys_pressed = secrets.randbelow(2**12)

    async def dial(self, payload: str = "") -> bool:
        """Call; return whether the service accepts. `payload`: what the tapped call button sends back."""
        use_address("127.0.0.1")
        connection = self._connection
        connection.addTrack(self._speaker)
        receiver: Any = connection.getReceivers()[0]
        receiver._handle_rtp_packet = self._take  # as in `CallMedia`
        ice: Any = receiver.transport.transport
        ice._connection.ice_controlling, ice._role_set = False, True  # as an ICE-lite server
        await connection.setLocalDescription(await connection.createOffer())
        sdp = connection.localDescription.sdp.replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n", 1)
        self._peer.calls[self._id] = self._act
        tapped = {"cta_payload": payload} if payload else {}
        await self._tell("connect", session={"sdp_type": "offer", "sdp": sdp}, **tapped)
        return await self.until(lambda: "accept" in self.actions)

    async def press(self, key: str) -> None:
        """Press a key: two packets with its beginning, and two with its end (RFC 4733)."""
        self._keys_pressed += 1
        transport: Any = self._connection.getReceivers()[0].transport
        for number, ends in enumerate((0, 0, _KEY_ENDS, _KEY_ENDS)):
            payload = struct.pack("!BBH", KEYS.index(key), ends, 160 * (number + 1))
            at = 4 * self._keys_pressed + number
            packet = RtpPacket(_KEY_TYPE, int(not number), at, 8000 * self._keys_pressed, _KEY_SOURCE, payload)
            await transport._send_rtp(packet.serialize(HeaderExtensionsMap()))  # aiortc sends no keys

    async def end(self) -> None:
        """Hang up, unless it is done already."""
        if self._peer.calls.pop(self._id, None):
            await self.close()
            await self._tell("terminate", status="COMPLETED", duration=1)

    async def _tell(self, event: str, **fields: Any) -> None:
        await self._peer.post(self._webhook, self._peer.webhooks.call(self._sender, self._id, event, **fields))

    async def _act(self, action: str, sdp: str) -> None:
        if action == "pre_accept":
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        self.actions.append(action)
        if action in {"reject", "terminate"}:
            self.hang_up()
        self._happened.set()

    async def _take(self, packet: Any, **_: int) -> None:
        self.received_at.append(time.monotonic())
        if packet.payload != SILENCE:
            self.heard.append(packet.payload)
            self._happened.set()
