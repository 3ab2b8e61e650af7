"""The officers' web pages, in Hindi and English. They need no JavaScript, and fit phones and wide screens.

`app` lists the routes. `queue_pages` serves the queue and a tip; the other `…_pages` and `sign_in` serve the rest. All
share one `DeskWeb` (`desk_web`).
"""
