"""Requirements charging.*: charging profiles obeyed, and the answers given about them."""
