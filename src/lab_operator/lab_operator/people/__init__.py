"""Who stands at the page: names, roles, passwords, sessions, and how often somebody may try."""
