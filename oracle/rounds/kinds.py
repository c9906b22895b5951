"""The kinds of round that there are, by name."""

from oracle.rounds.anchor import Anchor
from oracle.rounds.credit import Credit
from oracle.rounds.judgement import Judgement
from oracle.rounds.kind import Kind
from oracle.rounds.reports import Reports

ALL: tuple[Kind, ...] = (Judgement(), Credit(), Anchor(), Reports())
KINDS = {kind.name: kind for kind in ALL}
