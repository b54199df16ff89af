"""The pictures of the pages in docs/, taken of a demo fleet."""
