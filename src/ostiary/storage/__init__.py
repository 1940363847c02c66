"""Where it is kept: ports first, adapters beside them."""
