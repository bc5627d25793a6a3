"""The example service of fastgres."""
