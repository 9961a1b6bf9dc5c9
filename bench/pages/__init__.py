"""How soon the web pages are there, and how much they load, beside the same views of MLflow's pages."""
