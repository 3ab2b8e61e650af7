"""The Telegram channel, over the Bot API.

Start with `channel.TelegramChannel`. Inbound: `secret_token` → `update_parser` → `events`; `listener` registers the
webhook or polls. Outbound: `rendering` → `bot_api`, with `http_client` and `errors`. Files: `media`. `updates` has the
types of updates.
"""
