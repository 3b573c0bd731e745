"""What a project defines, and what can be said about a program in it without running it."""
