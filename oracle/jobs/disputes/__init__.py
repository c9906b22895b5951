"""The veto window: check every proposal, challenge what fails, answer a challenge, judge it, end it."""
