"""Set-up and upkeep of the course; nothing here is needed to take it."""
