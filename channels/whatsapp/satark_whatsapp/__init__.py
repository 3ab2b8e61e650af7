"""The WhatsApp channel, over Meta's Cloud API.

Start with `channel.WhatsAppChannel`. Inbound: `webhook_parser` → `events`. Outbound:
`rendering` → `graph_api`, with `posting`, `errors` and `throttling`. `payload` has the webhook's types.
"""
