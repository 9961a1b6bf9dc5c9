"""The engines, the schema, the migrations and the compiled queries. Only this room imports a driver."""
