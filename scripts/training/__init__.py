"""How the small model that ships is made: worlds, good answers, their wording, the network and its training."""
