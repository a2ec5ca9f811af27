"""Proofs: a policy's model and the files of a PBX in, "it decides as the policy does" or the call that shows otherwise.

`shapes` lists how callers may be presented, `proving` compares what a reader finds with what the model says, for all
callers and instants at once. What is said of one PBX stands in `targets/<pbx>/proof.py`, behind `protocol`.
"""
