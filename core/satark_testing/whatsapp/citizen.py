"""A virtual WhatsApp user: writes, taps, sends locations and files, and reads the bot's answers."""

import asyncio
from collections.abc import Mapping
from typing import Any

from satark_testing.dialogue.walking import RECEIPT, Answers, LostError, Photo, Place, Reply, Walker, receipt_in
from satark_testing.waiting import LIMIT_SECONDS
from satark_testing.whatsapp.graph_api import GraphPeer
from satark_testing.whatsapp.messages import BusinessMessage, Sender, wamid

__all__ = ["RECEIPT", "Answers", "Citizen", "LostError", "Photo", "Place", "Reply", "receipt_in"]


class Citizen(Walker[BusinessMessage]):
    """One user of a peer. Use it as `async with`, or call `leave` at the end.

    Args:
        peer: the simulated Meta.
        webhook: the bot's webhook address.
        wa_id: phone number, digits only.
        user_id: business-scoped user id. One of the two, or both.
        name: profile name.
        username: WhatsApp user name.
        patience: seconds to wait for an answer of the bot.
        post_attempts: how many times a webhook is posted until it is answered 200; Meta repeats it for days.
    """

    def __init__(
        self,
        peer: GraphPeer,
        webhook: str,
        *,
        wa_id: str | None = None,
        user_id: str | None = None,
        name: str | None = "A Citizen",
        username: str | None = None,
        patience: float = LIMIT_SECONDS,
        post_attempts: int = 5,
    ) -> None:
        super().__init__(patience)
        self.sender = Sender(wa_id=wa_id, user_id=user_id, name=name, username=username)
        self._peer = peer
        self._webhook = webhook
        self._post_attempts = post_attempts
        self._leave = [peer.subscribe(self._inbox.put_nowait, a) for a in {wa_id, user_id} if a]

    async def say(self, text: str) -> str:
        return await self._post(lambda key: self._peer.webhooks.text(self.sender, text, id=key))

    async def tap(self, choice: str) -> str:
        offer = self.offered(choice)
        return await self._post(
            lambda key: self._peer.webhooks.tap(self.sender, offer.token, offer.label, row=offer.row, id=key)
        )

    async def pin(self, place: Place) -> str:
        return await self._post(
            lambda key: self._peer.webhooks.location(
                self.sender, place.latitude, place.longitude, name=place.name, id=key
            )
        )

    async def send(self, photo: Photo) -> str:
        node = self._peer.add_media(photo.data, photo.mime)
        named = {"caption": photo.caption, "filename": photo.name if photo.kind == "document" else None}
        return await self._post(lambda key: self._peer.webhooks.media(self.sender, photo.kind, node, id=key, **named))

    async def fill_in(self, answers: Mapping[str, Any], *, token: str | None = None) -> str:
        """Fill in the last form that was offered, field by field, and send it; return the wamid.

        Args:
            answers: field → value, as the form sends them. The value of an option is its id.
            token: a token to send in place of the offered form's own token.

        Raises:
            LostError: no form was offered.
        """
        offered = next((sent.flow["flow_token"] for sent in reversed(self.heard) if sent.flow), None)
        given = offered if token is None else token
        if given is None:
            raise LostError("no form is offered")
        return await self._post(lambda key: self._peer.webhooks.form(self.sender, answers, given, id=key))

    async def edit(self, original: str, text: str) -> str:
        """Edit an earlier message; return the edit's wamid."""
        return await self._post(lambda key: self._peer.webhooks.edit(self.sender, original, text, id=key))

    async def revoke(self, original: str) -> str:
        """Delete an earlier message; return the deletion's wamid."""
        return await self._post(lambda key: self._peer.webhooks.revoke(self.sender, original, id=key))

    async def _post(self, build: Any) -> str:
        key = wamid(self.sender)
        body: bytes = build(key)
        for attempt in range(self._post_attempts):
            if await self._peer.post(self._webhook, body) == 200:  # noqa: PLR2004 - HTTP: OK
                return key
            await asyncio.sleep(0.05 * 2**attempt)
        raise LostError("the webhook does not take it")
