"""What all methods are made of: gates and observables as numbers."""
