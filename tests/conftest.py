"""For every suite: properties are judged by what they say, never by how long a busy machine takes to try them."""

from contextlib import suppress

with suppress(ModuleNotFoundError):  # the environments of peers do without it
    from hypothesis import settings

    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
