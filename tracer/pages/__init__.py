"""What we print: one file a page. A page chooses what is said and in which order, and holds no HTML."""
