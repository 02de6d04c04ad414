"""Use cases: recalls. What is called back, where it went, who has to be told, and whether every number is found."""
