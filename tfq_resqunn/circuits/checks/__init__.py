"""What a circuit, its angles and its operations must be."""
