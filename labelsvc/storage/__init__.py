"""What is kept: the database behind one door, its tables, and one module per noun."""
