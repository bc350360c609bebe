"""`bbc page`: a page on this machine that shows pictures, what formats make of them, and where the bits went."""
