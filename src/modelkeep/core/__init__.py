"""What every room speaks: operations, scopes, errors, settings, clock."""
