"""What fastgres and its peers answer per second, on one data set, one machine, one core."""
