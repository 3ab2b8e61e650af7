"""The web form and the mailbox: for those who want to be truly anonymous."""
