"""The Telegram channel, over the Bot API.

Start with `channel.TelegramChannel`. Inbound: `update_parser` → `events`; `listener` registers the
webhook or polls. Outbound: `rendering` → `bot_api` → `answers`. Files: `media`.
"""
