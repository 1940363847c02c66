"""Who may host an auth server."""
