"""What a program did on its way to a failing check: basic blocks and the values around them."""
