"""How long the word of a provider is worth something."""

from datetime import timedelta
from typing import Final

FRESH: Final = timedelta(hours=1)
"""The longest time since an ID token was issued, where the provider sets no other."""
