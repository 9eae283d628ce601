"""What happens to qubits after each gate, and to what is read out."""
