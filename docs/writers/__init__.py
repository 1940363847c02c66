"""The writers of the reference: each turns one part of the program into one page."""
