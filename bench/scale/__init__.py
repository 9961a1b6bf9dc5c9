"""How cost grows: one server with 1 %, 10 % and 100 % of a large team's records, asked the same at each."""
