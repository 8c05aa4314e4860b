"""What bin/estate does. Standard library and old syntax only, since it runs before .venv is there."""
