"""The WhatsApp channel, over Meta's Cloud API.

Start with `channel.WhatsAppChannel`. Inbound: `signature` → `webhook_decoding` → `webhook_parser` → `events`. Outbound:
`rendering` → `graph_api`, with `errors` and `throttling`. Files: `media`. `payload` has the webhook's types.
"""
