"""The officers' web pages, in Hindi and English. They need no JavaScript, and fit phones and wide screens.

`app` lists the routes; each page is in the file of its name. All share one `DeskWeb` (`page_requests`).
"""
