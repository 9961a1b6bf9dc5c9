"""The filter language: grammar -> syntax tree -> SQL expression, and keyset pages."""
