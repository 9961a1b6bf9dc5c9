"""How quickly an MLflow comes in: a database of MLflow's own schema, imported by the command that people use."""
