"""What an edit means: finding the target functions, splicing, parsing replies, minimising a patch."""
