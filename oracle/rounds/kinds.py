"""The kinds of round that there are, by name."""

from oracle.rounds.judgement import Judgement
from oracle.rounds.kind import Kind

ALL: tuple[Kind, ...] = (Judgement(),)
KINDS = {kind.name: kind for kind in ALL}
