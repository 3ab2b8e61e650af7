"""Times of the desk's pages, and the memory that its opened tips take, by the number of tips at a desk."""
