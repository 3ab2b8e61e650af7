"""Make the questionnaire a form inside WhatsApp (a WhatsApp Flow), register the form at Meta, offer and read it."""
