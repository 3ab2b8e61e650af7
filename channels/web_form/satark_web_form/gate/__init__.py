"""What a stranger must do before the service works for them: some work for their machine, or a short wait."""
