"""`ostiary import`: people of other systems, with their passwords."""
