"""A prompt document, made from what a person decides and what the chain says: by who writes one, by who checks one."""
