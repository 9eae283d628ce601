"""What is measured: observables by name, as text and as operators; how they are measured."""
