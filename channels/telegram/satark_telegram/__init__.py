"""The Telegram channel, over the Bot API.

Start with `channel.TelegramChannel`. Inbound: `update_parser` → `events`. Outbound: `rendering` →
`bot_api` → `errors`.
"""
