// Generated from Cirq v1.5.0

OPENQASM 2.0;
include "qelib1.inc";


// Qubits: [q(0), q(1), q(2), q(3)]
qreg q[4];
creg m_m[4];


ry(0) q[0];
ry(0) q[1];
ry(0) q[2];
ry(0) q[3];
rx(pi*1.155640610918487) q[0];
rx(pi*1.828054293195483) q[1];
rx(pi*0.447003361887786) q[2];
rx(pi*1.560916032491446) q[3];
cx q[0],q[1];
cx q[1],q[2];
cx q[2],q[3];
cx q[3],q[0];

// Gate: cirq.MeasurementGate(4, cirq.MeasurementKey(name='m'), ())
measure q[0] -> m_m[0];
measure q[1] -> m_m[1];
measure q[2] -> m_m[2];
measure q[3] -> m_m[3];
