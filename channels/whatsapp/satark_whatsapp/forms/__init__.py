"""The questionnaire as a form inside WhatsApp (a WhatsApp Flow): made, registered at Meta, offered, and read."""
