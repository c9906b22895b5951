"""Rounds: cheap answers from many, a few trusted observations, one result that anyone can compute again from files."""
