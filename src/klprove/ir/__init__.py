"""The intermediate representation: steps of at most one shared access, in a control-flow graph."""
