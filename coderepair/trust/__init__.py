"""Is a patch that passes the tests the right one? Rivals, what tells them apart, and which to show."""
