"""Room of fastgres."""
