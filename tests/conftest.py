"""For every suite: properties are judged by what they say, never by how long a busy machine takes to try them."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
