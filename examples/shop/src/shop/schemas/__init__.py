"""What comes in and what goes out, one module an entity; never shared with the tables.

Inputs forbid unknown fields, and a field of a PATCH that may be left out is `MISSING`, never
null. Outputs name each column they show, so that a new column stays inside until it is named.
"""
