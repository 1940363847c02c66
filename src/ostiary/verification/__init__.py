"""How a credential is judged, whoever issued it."""
