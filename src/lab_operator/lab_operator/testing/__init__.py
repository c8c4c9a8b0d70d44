"""What a panel of others is tested with."""
