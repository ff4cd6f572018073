"""Finding places: one plain SQL statement a question, made of constant fragments with named parameters.

Building and compiling the same statement with the ORM took most of a read's processor time; see ADR 0013.
"""
