"""The officers' web pages, in Hindi and English. They need no JavaScript, and fit phones and wide screens.

`app` lists the routes. `pages` serves the queue and a tip; `sign_in`, `files` and `voice_pages` serve the rest. All
share one `DeskWeb` (`desk_web`).
"""
