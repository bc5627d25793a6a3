"""What is served while faults are made: the shop itself, and jobs that leave traces."""
