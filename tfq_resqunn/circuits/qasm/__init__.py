"""OpenQASM 2 and 3, as other packages write it, into circuits."""
